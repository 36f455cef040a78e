#pragma once

#include "base/events.h"
#include "operation/find_modem.h"

#include <cstdint>
#include <optional>
#include <string>

namespace modemedic::operation {

/// Whether the receiver was switched, or was so already.
enum class Switched { now, already };

/// Switches a running modem's satellite receiver on or off over AT, and asks whether it is.
/// @return Code::device_refused when the modem says no, or says yes and doesn't; what AtPort::open() says
Result<Switched> switch_gps(usb::Bus& bus, const Found& modem, bool on);

/// Reads the interface that NMEA is expected on.
/// @return the first sentence that came: "$GPGGA,…"; nothing when none came before the deadline; Code::no_modem when
///         the composition shows no such interface; what Bus::open() says
Result<std::optional<std::string>> first_sentence(usb::Bus& bus, const Found& modem, Deadline deadline);

}  // namespace modemedic::operation
