#pragma once

#include "base/error.h"
#include "protocol/dload_wire.h"
#include "usb/pipe.h"

namespace modemedic::operation {

/// Asks who listens on the port of a modem in download mode: its boot loader (DLOAD), or a streaming loader that it
/// was handed. Nothing is written.
/// @return Code::timeout when nobody answers until the deadline, Code::modem_lost
Result<protocol::dload::Listener> ask_dload(usb::Pipe& pipe, const Clock& clock, Deadline deadline);

/// Sends a modem in download mode back to its power-on state.
/// @param listener  who listens: each has a reset of its own
Result<void> reset_download(usb::Pipe& pipe, const Clock& clock, protocol::dload::Listener listener);

}  // namespace modemedic::operation
