#pragma once

#include "base/events.h"
#include "operation/ask_modem.h"
#include "operation/find_modem.h"

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace modemedic::operation {

class ModemRecords;

/// Where a modem is to be brought.
enum class Target {
  normal,    ///< its firmware runs
  edl,       ///< the boot ROM waits with Sahara
  fastboot,  ///< its boot loader waits with fastboot
  download,  ///< 9x07: the boot loader waits with Sahara under the normal PID; 9x15: DLOAD
};

/// "normal", "edl", "fastboot", "download": as on the command line.
std::string_view name(Target target);
std::optional<Target> parse_target(std::string_view text);

struct ModeOptions {
  ModemRecords* records = nullptr;  ///< what is remembered of modems; nullptr: nothing
  std::string time;                 ///< now, UTC, ISO 8601, for the records
};

/// How a change of mode ended.
struct ModeChange {
  Found modem;           ///< as it is now
  Asked before;          ///< what it said before
  Asked after;           ///< what it said where it arrived: that proves it
  bool changed = false;  ///< false: it was there already, nothing was sent
};

/// Brings a modem into a mode by the gentlest way from where it is: fastboot's reboot, a reset by Sahara or Firehose,
/// DIAG or AT commands; by way of normal mode where there is no direct one. Nothing is flashed. Who it is is asked, and
/// remembered, before it goes where it can't tell. It has arrived when it answers there as that mode must.
/// @return Code::refused (rule mode) when there is no way, with the reason: nothing was sent then. Code::timeout when
/// it
///         stayed as it was, Code::modem_lost when it left and did not come back, Code::device_refused when it said no
///         or came back as something else, Code::not_proven when it is there by its shape but does not answer,
///         Code::interrupted
Result<ModeChange> change_mode(usb::Bus& bus, const Found& modem, Target target, const ModeOptions& options,
                               Events& events, const std::stop_token& stop);

}  // namespace modemedic::operation
