#pragma once

#include "base/bytes.h"

#include <cstring>

namespace modemedic::firmware {

/// All 0xFF, as erased flash reads? At memcmp's speed: each byte is compared with the one before it.
inline bool blank(ByteView bytes) {
  return bytes.empty() ||
         (bytes.front() == std::byte{0xFF} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace modemedic::firmware
