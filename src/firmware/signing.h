#pragma once

#include "base/bytes.h"
#include "base/digest.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace modemedic::firmware {

/// Who signed a boot image, as far as its certificates tell (docs/protocols/images.md). Whether the signature itself is
/// right only the modem's boot ROM can say, and only a fused one asks.
struct Signing {
  enum class State {
    not_signed,     ///< an image that has room for a certificate chain, and none in it
    is_signed,      ///< a chain of certificates is in it
    not_understood  ///< something stands in the chain's place that is no certificate
  };

  State state = State::not_signed;
  std::string signer;                        ///< common name of the certificate that signed the image
  std::string root;                          ///< common name of the last certificate of the chain
  Sha256 root_hash{};                        ///< of the last certificate's bytes: what a fused modem compares (PK_HASH)
  unsigned certificates = 0;                 ///< in the chain
  std::optional<std::uint64_t> hardware_id;  ///< HW_ID: the chip in the upper 32 bits, then OEM and model
  std::optional<std::uint64_t> software_id;  ///< SW_ID: kind of image in the lower 32 bits, version in the upper
  std::optional<std::uint32_t> oem_id;
  std::optional<std::uint32_t> model_id;

  bool operator==(const Signing&) const = default;
};

/// Bytes from an image's start that hold all that read_signing() looks at in an ELF. Other kinds have their chain at
/// the end and need the whole file.
constexpr std::size_t signing_prefix = std::size_t{256} * 1024;

/// Looks for the certificates of a boot image: an ELF's hash segment, an SBL, or a file with a 40-byte MBN header.
/// @param bytes  the file, or its first signing_prefix bytes
/// @param file_size  bytes of the whole file
/// @return nothing when it is no such image, or contradicts itself
std::optional<Signing> read_signing(ByteView bytes, std::uint64_t file_size);

}  // namespace modemedic::firmware
