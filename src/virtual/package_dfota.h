#pragma once

#include "firmware/revision.h"
#include "virtual/generator.h"

#include <vector>

namespace modemedic::twin {

/// A delta upgrade (DFOTA) from one revision to another: what only a running modem takes, and people try to flash.
std::vector<GeneratedFile> generate_dfota(const firmware::Revision& from, const firmware::Revision& to);

}  // namespace modemedic::twin
