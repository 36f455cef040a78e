#pragma once

#include "base/error.h"
#include "firmware/revision.h"

#include <string>

namespace modemedic::app {

/// A revision name as a person typed it.
/// @return Code::usage with an example when it is none
Result<firmware::Revision> revision_option(const std::string& text);

}  // namespace modemedic::app
