#pragma once

#include "base/error.h"

#include <string>

namespace modemedic::app {

/// Writes a file that was not there before, all of it or none.
/// @return Code::usage when it exists already; Code::io, Code::permission
Result<void> write_new_file(const std::string& path, const std::string& text);

}  // namespace modemedic::app
