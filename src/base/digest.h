#pragma once

#include "base/bytes.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace modemedic {

using Md5 = std::array<std::byte, 16>;
using Sha1 = std::array<std::byte, 20>;
using Sha256 = std::array<std::byte, 32>;
using Blake2b = std::array<std::byte, 64>;  ///< BLAKE2b-512

/// A digest over bytes that come in pieces (libcrypto).
template <typename Digest>
class Hasher {
public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void update(ByteView bytes);

  /// The digest of all bytes so far; the hasher starts anew.
  Digest finish();

private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template class Hasher<Md5>;
extern template class Hasher<Sha1>;
extern template class Hasher<Sha256>;
extern template class Hasher<Blake2b>;

template <typename Digest>
Digest digest(ByteView bytes) {
  Hasher<Digest> hasher;
  hasher.update(bytes);
  return hasher.finish();
}

/// The digest's hex digits in lower case, without blanks.
std::string hex_digits(ByteView digest);

/// The digest of hex digits in either case; nothing when they are too few, too many, or no hex digits.
std::optional<Md5> parse_md5(std::string_view text);
std::optional<Sha256> parse_sha256(std::string_view text);

/// CRC-32 with polynomial 04C11DB7, not reflected, initial 0, no final xor, as MIBIB carries it; start with 0.
std::uint32_t crc32_mibib(std::uint32_t crc, ByteView bytes);

/// CRC-32 as UBI carries it (drivers/mtd/ubi: crc32_le, initial ~0, no final xor).
std::uint32_t crc32_ubi(ByteView bytes);

}  // namespace modemedic
