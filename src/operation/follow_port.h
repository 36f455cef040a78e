#pragma once

#include "base/events.h"
#include "knowledge/state.h"
#include "usb/bus.h"

#include <cstdint>
#include <optional>
#include <string>

namespace modemedic::operation {

/// A modem is followed by its hub port: after a mode switch it is another device there.

/// What is on the port now; nothing when it is empty.
Result<std::optional<usb::DeviceInfo>> device_on(usb::Bus& bus, const std::string& port);

/// Waits until something is on the port that is not the enumeration `gone`, and it stays for `settle`: a modem may
/// show a boot mode in passing.
/// @return nothing when the deadline passed first
Result<std::optional<usb::DeviceInfo>> wait_for_next(usb::Bus& bus, const std::string& port, std::uint64_t gone,
                                                     Duration settle, Deadline deadline);

/// "05c6:9008 QUSB_BULK", safe to print.
std::string describe(const usb::Fingerprint& fingerprint);

/// Tells of the modem on this port and what it does.
void emit_modem(Events& events, const usb::DeviceInfo& device, const knowledge::Sighting& sighting);

}  // namespace modemedic::operation
