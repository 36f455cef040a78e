#pragma once

#include "base/events.h"
#include "knowledge/state.h"
#include "usb/bus.h"

#include <string>
#include <vector>

namespace modemedic::operation {

class ModemRecords;

/// A modem in sight and what its fingerprint says.
struct Found {
  usb::DeviceInfo device;
  knowledge::Sighting sighting;
};

/// Whether find_modems() tells of modems that are not ours to touch.
enum class Foreign {
  left_out,
  named,  ///< those of which it is known what they are: a Quectel without a Qualcomm chip, a Gobi 2000
};

/// Every modem on the bus, ordered by port: 1-2 comes before 1-10.
Result<std::vector<Found>> find_modems(usb::Bus& bus, Foreign foreign = Foreign::left_out);

/// Whether a selector has one of the forms below.
/// @return Code::usage
Result<void> check_selector(const std::string& selector);

/// The one modem that a selector names: `port:1-1.4`, `serial:…` (USB serial, or the chip's), `imei:…`. For the last
/// two modems are asked who they are; one that tells only its chip, in EDL say, is known by its record. An empty
/// selector takes the only modem in sight.
/// @param records  what is remembered of modems; nullptr: nothing
/// @return Code::no_modem; Code::several_modems, listing them: never "the first one"; Code::usage for a bad selector
Result<Found> find_modem(usb::Bus& bus, const std::string& selector, Events& events, ModemRecords* records = nullptr);

}  // namespace modemedic::operation
