#pragma once

#include "base/events.h"
#include "operation/find_modem.h"
#include "operation/identify.h"
#include "operation/mode_ways.h"

#include <optional>
#include <stop_token>
#include <string>

/// What rescue() looks at, and the remedies that nothing else has.
namespace modemedic::operation {

/// What keeps a modem that answers AT from being well; empty: nothing.
std::string ailment_of(const Identity& identity);

/// A chip, seen through a programmer that was found running.
struct ChipAsFound {
  bool sbl_blank = false;  ///< then the boot ROM falls into EDL by itself, and a reset is safe
};

/// Reads where SBL is, through a programmer that another host has left. One that still waits for the rest of an image
/// is given it first.
/// @return nothing when it can't be read
std::optional<ChipAsFound> look_at_chip(usb::Bus& bus, const Found& modem, Events& events);

/// Restarts a modem whose DIAG answers, and waits until AT does.
/// @return the modem as it came back
/// @return Code::timeout, Code::modem_lost, Code::not_proven, Code::interrupted
Result<ModeChange> restart_by_diag(usb::Bus& bus, const Found& modem, Events& events, const std::stop_token& stop);

/// Follows a modem that comes and goes until it stays, or is in another state.
/// @return Code::not_proven when it still came and went at the end; Code::modem_lost when it stays away;
///         Code::interrupted
Result<void> wait_until_it_stays(usb::Bus& bus, const usb::DeviceInfo& modem, Events& events,
                                 const std::stop_token& stop);

/// Sends a modem that comes and goes by DIAG, while it is there, to where it can be flashed: into EDL, a 9x15 into its
/// download mode. One that comes up in such a state by itself, a 9x15 also in fastboot, is left there.
/// @return Code::device_refused when it never stayed long enough for that; Code::interrupted
Result<Found> catch_loop(usb::Bus& bus, const Found& modem, Events& events, const std::stop_token& stop);

}  // namespace modemedic::operation
