#pragma once

#include "base/error.h"
#include "usb/pipe.h"

#include <string>

namespace modemedic::operation {

/// Proves that a pipe is DIAG by asking for the version. A port that logs all the time is drained up to the answer.
/// @return the build date it tells; Code::timeout when nothing of the kind came before the deadline
Result<std::string> prove_diag(usb::Pipe& pipe, const Clock& clock, Deadline deadline);

/// Asks for the extended build id, which shows the software revision. Drains a busy port as prove_diag() does.
/// @return Code::timeout when it did not come before the deadline
Result<std::string> ask_build_id(usb::Pipe& pipe, const Clock& clock, Deadline deadline);

/// Sends one DIAG request without waiting for an answer.
/// @param body  without HDLC framing
Result<void> send_diag(usb::Pipe& pipe, const Clock& clock, ByteView body);

}  // namespace modemedic::operation
