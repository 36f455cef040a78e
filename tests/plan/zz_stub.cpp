#include "firmware/rawprogram.h"

namespace modemedic::firmware {
bool RawCommand::vendor_tagged() const {
  for (auto& [n, v] : attributes)
    if (n == "vendor")
      return true;
  return false;
}
}  // namespace modemedic::firmware
