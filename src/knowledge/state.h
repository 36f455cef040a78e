#pragma once

#include "base/error.h"
#include "usb/fingerprint.h"

#include <string>
#include <string_view>

namespace modemedic::knowledge {

/// What a modem is doing, as far as USB shows it.
enum class State {
  running,    ///< its firmware runs
  edl,        ///< boot ROM waits with Sahara
  boot_mode,  ///< Sahara or dump mode under the normal PID, bcd 0.00
  download,   ///< DLOAD (DMSS) under 05c6:9215
  dump,       ///< crash / memory dump
  fastboot,
  not_ours,  ///< no Quectel modem, or one without a Qualcomm chip
};

/// "running", "edl", …: as it stands in JSON.
std::string_view name(State state);

/// A boot ROM or a boot loader waits with Sahara for a programmer: EDL, and what the boot loader shows under the normal
/// PID (facts: usb.md).
constexpr bool takes_programmer(State state) {
  return state == State::edl || state == State::boot_mode;
}

/// A conclusion from a fingerprint: likely, until the port has answered.
struct Sighting {
  State state = State::not_ours;
  std::string model;    ///< "EC25 family", from the PID; the product string is the owner's to change
  std::string family;   ///< "9x07", "9x15", …; empty when unknown
  std::string because;  ///< which row of data/states.toml spoke
  std::string next;     ///< one thing to do now
};

/// Concludes by the rows of data/states.toml: the first that fits.
Sighting conclude(const usb::Fingerprint& fingerprint);

/// The interface that is most likely AT (or DIAG) by shape; nothing when there is none. DIAG moves between
/// compositions: choose by shape, prove by talking.
std::optional<std::uint8_t> at_interface(const usb::Fingerprint& fingerprint);
std::optional<std::uint8_t> diag_interface(const usb::Fingerprint& fingerprint);

/// The interface that is most likely NMEA by shape, the one that gpsd reads; nothing when there is none.
std::optional<std::uint8_t> nmea_interface(const usb::Fingerprint& fingerprint);

}  // namespace modemedic::knowledge
