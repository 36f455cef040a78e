#pragma once

#include "base/error.h"
#include "protocol/at.h"
#include "usb/pipe.h"

#include <string>

namespace modemedic::operation {

/// Sends one AT command over a pipe and collects its answer. What the port still had to say before is dropped first.
/// @param patience  how long each silence may last
/// @param deadline  of the whole answer: a port that babbles is never silent
/// @return an ERROR answer is an answer; Code::timeout when none came, Code::modem_lost
Result<protocol::AtAnswer> run_at(usb::Pipe& pipe, const Clock& clock, const std::string& command, Duration patience,
                                  Deadline deadline);

/// Reads and drops what the port says until it is quiet for `quiet`: a wait for an event that need not come.
Result<void> drain(usb::Pipe& pipe, const Clock& clock, Duration quiet);

}  // namespace modemedic::operation
