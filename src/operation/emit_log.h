#pragma once

#include "base/events.h"

#include <string>

namespace modemedic::operation {

/// A line that only -v shows.
void emit_debug(Events& events, std::string text);

/// A line for whoever reads along.
void emit_info(Events& events, std::string text);

}  // namespace modemedic::operation
