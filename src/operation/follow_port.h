#pragma once

#include "base/events.h"
#include "knowledge/state.h"
#include "usb/bus.h"

#include <optional>
#include <string>

namespace modemedic::operation {

/// A modem is followed by its hub port: after a mode switch it is another device there. One that changes its speed
/// with its mode comes back on the port's companion (usb::DeviceInfo). Nowhere else: what comes there is another modem.

/// What the modem is now: itself, or what came in its place; nothing while it is away.
/// @param last  as it was last seen
/// @return Code::several_modems when more than one device came in its place: never a guess
Result<std::optional<usb::DeviceInfo>> device_after(usb::Bus& bus, const usb::DeviceInfo& last);

/// Waits until another enumeration is in the modem's place, and it stays for `settle`: a modem may show a boot mode in
/// passing.
/// @param gone  as it was last seen, here or about to leave
/// @return nothing when the deadline passed first; errors as device_after()
Result<std::optional<usb::DeviceInfo>> wait_for_next(usb::Bus& bus, const usb::DeviceInfo& gone, Duration settle,
                                                     Deadline deadline);

/// "05c6:9008 QUSB_BULK", safe to print.
std::string describe(const usb::Fingerprint& fingerprint);

/// Tells of the modem on this port and what it does.
void emit_modem(Events& events, const usb::DeviceInfo& device, const knowledge::Sighting& sighting);

}  // namespace modemedic::operation
