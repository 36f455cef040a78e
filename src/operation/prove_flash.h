#pragma once

#include "base/events.h"
#include "firmware/package.h"
#include "operation/identify.h"
#include "usb/bus.h"

#include <cstdint>
#include <stop_token>
#include <string>

namespace modemedic::operation {

/// Waits for a modem that was reset to come back on its port as a running one.
/// @param gone  the enumeration that was reset
/// @return Code::modem_lost when nothing came back, Code::not_proven with its meaning when it came back as something
///         else, Code::interrupted
Result<usb::DeviceInfo> wait_until_running(usb::Bus& bus, const std::string& port, std::uint64_t gone,
                                           Deadline deadline, Events& events, const std::stop_token& stop);

/// Lets the modem prove a flash: it comes back running, AT answers, its revision is the package's, the IMEI is the one
/// from before (any, when that is not known), CFUN is 1 or can be set to 1.
/// @param before  what it said before the flash; empty when it could not be asked
/// @return Code::not_proven with what is wrong and what it means; Code::modem_lost
Result<Identity> prove_flash(usb::Bus& bus, const std::string& port, std::uint64_t gone, const Identity& before,
                             const firmware::Package& package, Events& events, const std::stop_token& stop);

}  // namespace modemedic::operation
