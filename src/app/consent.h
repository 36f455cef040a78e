#pragma once

#include "firmware/package.h"
#include "operation/find_modem.h"

#include <stop_token>
#include <string>

namespace modemedic::app {

/// Asks the person at the terminal whether this modem is to be written; a script must have said so.
/// @param yes  it was said on the command line
/// @return Code::interrupted for a no and for Ctrl-C, Code::usage when nobody is there
Result<void> ask_consent(bool yes, const operation::Found& modem, const firmware::Package& package,
                         const std::stop_token& stop);

/// The same with a question of one's own.
Result<void> ask_consent(bool yes, const std::string& question, const std::stop_token& stop);

/// That somebody can be asked, for work that asks late: known before the modem hears of anything.
Result<void> check_consent(bool yes);

}  // namespace modemedic::app
