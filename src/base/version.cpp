#include "base/version.h"

namespace modemedic {

std::string_view version() {
  return MODEMEDIC_VERSION;
}

}  // namespace modemedic
