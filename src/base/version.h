#pragma once

#include <string_view>

namespace modemedic {

/// This modemedic's version: "0.1.0".
std::string_view version();

}  // namespace modemedic
