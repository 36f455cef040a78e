#pragma once

#include "base/bytes.h"

#include <array>
#include <cstdint>

namespace modemedic {

/// Can this processor multiply without carry?
bool can_fold_crc32();

/// CRC-32 (reflected 04C11DB7) by carry-less multiplication: takes whole pieces of 64 bytes off `bytes` and leaves 16
/// bytes whose CRC, begun with 0, is the CRC of all that was taken, begun with `crc`. Needs 64 bytes at least.
/// Source: Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ, Intel 2009.
std::array<std::byte, 16> fold_crc32(std::uint32_t crc, ByteView& bytes);

}  // namespace modemedic
