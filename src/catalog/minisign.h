#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <array>
#include <string>
#include <string_view>

/// Signatures as minisign makes them (https://jedisct1.github.io/minisign/, "File formats"): Ed25519 over a file, and
/// over what its signer says of it.
namespace modemedic::catalog {

/// Which key: eight bytes that its maker drew.
using KeyId = std::array<std::byte, 8>;

/// "2B3F8D7A1C0E5594": as minisign shows it, the last byte first.
std::string describe(const KeyId& id);

/// What a signer gave to the world.
struct PublicKey {
  KeyId id{};
  std::array<std::byte, 32> key{};
  std::string comment;  ///< nobody vouches for it

  bool operator==(const PublicKey&) const = default;
};

/// Reads a .pub file, or the one line of it that holds the key.
/// @return Code::usage: it is none
Result<PublicKey> parse_public_key(std::string_view text);

/// A .minisig file.
struct Signature {
  enum class Algorithm {
    ed25519,          ///< "Ed": over the file itself
    ed25519_blake2b,  ///< "ED": over the file's BLAKE2b-512
  };

  Algorithm algorithm = Algorithm::ed25519_blake2b;
  KeyId key{};
  std::array<std::byte, 64> signature{};
  std::string trusted_comment;               ///< what the signer says of the file
  std::array<std::byte, 64> over_comment{};  ///< over signature and trusted comment

  bool operator==(const Signature&) const = default;
};

/// @return Code::usage: it is none, or it is cut
Result<Signature> parse_signature(std::string_view text);

/// @return Code::refused: another key's signature, other bytes, or a comment that was changed
Result<void> verify(ByteView file, const Signature& signature, const PublicKey& key);

}  // namespace modemedic::catalog
