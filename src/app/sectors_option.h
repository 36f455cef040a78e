#pragma once

#include "base/error.h"
#include "base/units.h"

#include <string>

namespace modemedic::app {

/// A range of sectors as it is written on the command line: START+COUNT, "1280+8704".
/// @return Code::usage
Result<SectorRange> parse_sectors(const std::string& text);

}  // namespace modemedic::app
