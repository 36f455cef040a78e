#pragma once

#include "base/events.h"
#include "operation/find_modem.h"
#include "usb/bus.h"

namespace modemedic::operation {

/// Sends a running modem a DIAG request that takes it elsewhere. The port is proven to be DIAG first. The echo, if any,
/// is read so that the modem is not kept waiting; that it comes is not required.
/// @param body  without HDLC framing
/// @return Code::refused when the modem has no DIAG interface, Code::timeout when DIAG does not answer
Result<void> request_by_diag(usb::Bus& bus, const Found& modem, ByteView body, Events& events);

/// Sends a running modem into EDL over DIAG and waits until 05c6:9008 is on its port (facts: at-diag.md). The echo is
/// not required: only the bus tells.
/// @return the modem in EDL; Code::refused when it has no DIAG interface, Code::timeout when DIAG does not answer or
///         the modem did not leave, Code::modem_lost when it left and did not come back, Code::device_refused when it
///         came back as something else
Result<Found> switch_to_edl(usb::Bus& bus, const Found& modem, Events& events);

}  // namespace modemedic::operation
