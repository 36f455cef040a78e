#pragma once

#include "firmware/package.h"
#include "operation/find_modem.h"

#include <string>

namespace modemedic::app {

/// Asks the person at the terminal whether this modem is to be written; a script must have said so.
/// @param yes  it was said on the command line
/// @return Code::interrupted for a no, Code::usage when nobody is there
Result<void> ask_consent(bool yes, const operation::Found& modem, const firmware::Package& package);

/// The same with a question of one's own.
Result<void> ask_consent(bool yes, const std::string& question);

}  // namespace modemedic::app
