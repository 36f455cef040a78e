#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace modemedic::usb {

/// Bus and number of a device, as in /dev/bus/usb/001/007. One that comes back, or another on its port, has a new one.
using DeviceNumber = std::pair<std::uint8_t, std::uint8_t>;

/// The port of each device that is there: "1-1.4", or "usb1" for a root hub.
using Census = std::map<DeviceNumber, std::string>;

}  // namespace modemedic::usb
