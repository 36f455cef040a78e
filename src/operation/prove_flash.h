#pragma once

#include "base/events.h"
#include "firmware/package.h"
#include "operation/identify.h"
#include "usb/bus.h"

#include <stop_token>

namespace modemedic::operation {

/// Waits for a modem that was reset to come back as a running one.
/// @param gone  as it was reset
/// @return Code::modem_lost when nothing came back, Code::not_proven with its meaning when it came back as something
///         else, Code::interrupted
Result<usb::DeviceInfo> wait_until_running(usb::Bus& bus, const usb::DeviceInfo& gone, Deadline deadline,
                                           Events& events, const std::stop_token& stop);

/// Lets the modem prove a flash: it comes back running, AT answers, its revision is the package's, the IMEI is the one
/// from before (any, when that is not known), CFUN is 1 or can be set to 1.
/// @param before  what it said before the flash; empty when it could not be asked
/// @return Code::not_proven with what is wrong and what it means; Code::modem_lost
/// @param gone  as it was reset
Result<Identity> prove_flash(usb::Bus& bus, usb::DeviceInfo gone, const Identity& before,
                             const firmware::Package& package, Events& events, const std::stop_token& stop);

}  // namespace modemedic::operation
