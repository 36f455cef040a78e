#pragma once

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "firmware/mbn.h"

#include <cstdint>
#include <string>

namespace modemedic::twin {

/// What the certificate of a signed image says of the modem it is for.
struct SignedFor {
  std::uint64_t hardware_id = 0;
  std::uint32_t oem_id = 0;
  std::uint32_t model_id = 0;
};

/// Signs images of a generated package as a manufacturer would: a chain of three X.509 certificates, the first of which
/// names hardware, OEM and model. Keys follow from the authority's name, so every run makes the same bytes; they guard
/// nothing, and the algorithm (Ed25519) is one that no boot ROM knows.
class SigningAuthority {
public:
  explicit SigningAuthority(std::string name) : name_(std::move(name)) {}

  /// @param software_id  which kind of image it is
  Result<firmware::MbnSignature> sign(ByteView image, std::uint64_t software_id, const SignedFor& modem) const;

  /// What a modem that was fused for this authority holds.
  Result<Sha256> root_hash() const;

private:
  std::string name_;
};

}  // namespace modemedic::twin
