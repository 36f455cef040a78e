#pragma once

#include "firmware/package.h"

#include <string>

namespace modemedic::app {

/// What inspect says of a package as one HTML page that needs nothing else: no script, no font, no picture from
/// anywhere. Whatever comes from the package is escaped.
/// @param made  what stands at its foot: the program and the day
std::string package_page(const firmware::Package& package, const std::string& made);

}  // namespace modemedic::app
