#pragma once

#include "base/events.h"
#include "knowledge/state.h"
#include "usb/bus.h"

#include <string>
#include <vector>

namespace modemedic::operation {

/// A modem in sight and what its fingerprint says.
struct Found {
  usb::DeviceInfo device;
  knowledge::Sighting sighting;
};

/// Every modem on the bus (State::not_ours left out), ordered by port.
Result<std::vector<Found>> find_modems(usb::Bus& bus);

/// The one modem that a selector names: `port:1-1.4`, `serial:…` (USB serial), `imei:…` (asks the running ones).
/// An empty selector takes the only modem in sight.
/// @return Code::no_modem; Code::several_modems, listing them: never "the first one"; Code::usage for a bad selector
Result<Found> find_modem(usb::Bus& bus, const std::string& selector, Events& events);

}  // namespace modemedic::operation
