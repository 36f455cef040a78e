#include "operation/rescue_ways.h"

#include "operation/emit_log.h"
#include "operation/erase_range.h"
#include "operation/follow_port.h"
#include "operation/prove_flash.h"
#include "operation/switch_mode.h"
#include "operation/upload.h"
#include "operation/whereabouts.h"
#include "protocol/diag.h"

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

/// DIAG's reset is taken within two seconds.
constexpr Duration leave_patience = 10s;
constexpr Duration boot_patience = 120s;
constexpr Duration at_patience = 60s;
/// A boot loop's turns take 10 to 40 s: this many are seen at least.
constexpr Duration watch_patience = 90s;
/// From DIAG's switch to a boot loader that waits; one that restarted instead is caught the next time.
constexpr Duration caught_patience = 10s;
/// One that stayed as long as this is asked again.
constexpr Duration long_enough = 15s;

Failure interrupted() {
  return fail(Code::interrupted)
      .what("stopped by the person")
      .hint("look with modemedic list in what state the modem is");
}

Result<ChipAsFound> read_chip(usb::Bus& bus, const Found& modem, Events& events) {
  TRY_ASSIGN(auto pipe, open_edl(bus, modem.device));
  FirehoseLink link(*pipe, bus.clock(), events);
  TRY_ASSIGN(auto runs, find_programmer(*pipe, bus.clock(), link, events));
  if (!runs) {
    return fail(Code::device_protocol).what("no programmer runs");
  }
  TRY(configure(link));
  TRY_ASSIGN(auto chip, ask_chip(link));
  SectorRange first_block{{0}, {chip.geometry.pages_per_block}};
  auto readable = chip.bad_blocks.empty() || chip.bad_blocks.front() != 0;  // what is bad proves nothing
  TRY_ASSIGN(auto blank, is_blank(link, first_block, chip, "SBL"));
  return ChipAsFound{readable && blank};
}

bool is_9x15(const Found& modem) {
  return modem.sighting.family == "9x15";
}

bool can_be_flashed_from(const Found& modem) {
  auto state = modem.sighting.state;
  return is_9x15(modem) ? state == knowledge::State::download || state == knowledge::State::fastboot
                        : knowledge::takes_programmer(state);
}

/// No way leads a 9x15 into EDL.
Result<Found> leave_loop(usb::Bus& bus, const Found& modem, Events& events, const std::stop_token& stop) {
  if (!is_9x15(modem)) {
    return switch_to_edl(bus, modem, events);
  }
  Whereabouts followed(bus, modem, events, stop);
  TRY(followed.go(Target::download, caught_patience));
  return followed.modem();
}

}  // namespace

std::string ailment_of(const Identity& identity) {
  if (identity.imei.empty()) {
    return "it runs, but has no IMEI: EFS is lost";
  }
  if (identity.cfun == "5") {
    return "it runs, but in factory test mode (CFUN 5): its RF calibration is lost";
  }
  if (identity.cfun == "7") {
    return "it runs, but offline (CFUN 7): RF data and EFS do not fit together";
  }
  return {};
}

std::optional<ChipAsFound> look_at_chip(usb::Bus& bus, const Found& modem, Events& events) {
  auto reservation = bus.reserve(modem.device, usb::Purpose::job, events);
  auto chip = reservation ? read_chip(bus, modem, events) : fail(reservation.error());
  if (!chip) {
    emit_debug(events, "the chip could not be read: " + chip.error().what);
    return std::nullopt;
  }
  return *chip;
}

Result<ModeChange> restart_by_diag(usb::Bus& bus, const Found& modem, Events& events, const std::stop_token& stop) {
  TRY_ASSIGN(auto reservation, bus.reserve(modem.device, usb::Purpose::job, events));
  TRY(request_by_diag(bus, modem, protocol::diag::reset_request(), events));
  auto deadline = Deadline::in(bus.clock(), leave_patience);
  for (;;) {
    TRY_ASSIGN(auto there, device_after(bus, modem.device));
    if (!there || !usb::same_device(*there, modem.device)) {
      break;
    }
    if (deadline.passed(bus.clock())) {
      return fail(Code::timeout).what("the modem took DIAG's reset but stayed as it is");
    }
    TRY(bus.wait_change(deadline));
  }
  TRY_ASSIGN(auto device,
             wait_until_running(bus, modem.device, Deadline::in(bus.clock(), boot_patience), events, stop));
  ModeChange change;
  change.modem = {device, knowledge::conclude(device.fingerprint)};
  TRY_ASSIGN(change.after.identity, identify(bus, device, Deadline::in(bus.clock(), at_patience), events));
  change.after.by = "AT";
  change.changed = true;
  return change;
}

Result<void> wait_until_it_stays(usb::Bus& bus, const usb::DeviceInfo& modem, Events& events,
                                 const std::stop_token& stop) {
  auto deadline = Deadline::in(bus.clock(), watch_patience);
  auto last = modem;
  for (auto starts = 0; !stop.stop_requested();) {
    TRY_ASSIGN(auto there, device_after(bus, last));
    auto came = there && !usb::same_device(*there, last);
    if (came) {
      last = *there;
      ++starts;
      emit_modem(events, last, knowledge::conclude(last.fingerprint));
    }
    if (deadline.passed(bus.clock())) {
      return there || starts > 0
                 ? fail(Code::not_proven).what(fmt::format("it came and went {} times: a boot loop", starts))
                 : fail(Code::modem_lost).what("it left and did not come back");
    }
    auto patience = Deadline{std::min(deadline.at, Deadline::in(bus.clock(), there ? long_enough : 1s).at)};
    TRY_ASSIGN(auto changed, bus.wait_change(patience));
    if (there && !changed && !deadline.passed(bus.clock())) {
      return {};
    }
  }
  return interrupted();
}

Result<Found> catch_loop(usb::Bus& bus, const Found& modem, Events& events, const std::stop_token& stop) {
  auto deadline = Deadline::in(bus.clock(), watch_patience);
  auto found = modem;
  while (!stop.stop_requested() && !deadline.passed(bus.clock())) {
    TRY_ASSIGN(auto there, device_after(bus, found.device));
    if (!there) {
      TRY(bus.wait_change({std::min(deadline.at, Deadline::in(bus.clock(), 1s).at)}));
      continue;
    }
    found = {*there, knowledge::conclude(there->fingerprint)};
    if (can_be_flashed_from(found)) {
      return found;
    }
    auto reservation = bus.reserve(found.device, usb::Purpose::job, events);
    auto switched = reservation ? leave_loop(bus, found, events, stop) : fail(reservation.error());
    if (switched) {
      return switched;
    }
    emit_debug(events, "not caught: " + switched.error().what);
    TRY(wait_for_next(bus, found.device, 0s, {std::min(deadline.at, Deadline::in(bus.clock(), 30s).at)}));
  }
  if (stop.stop_requested()) {
    return interrupted();
  }
  return fail(Code::device_refused)
      .what("the modem restarts again and again, and is never there long enough to be sent out of its loop")
      .hint(
          "see that it has enough power; hold its boot pin (USB_BOOT at 1.8 V) at power-on: then its boot ROM waits to "
          "be flashed, and modemedic rescue --flash PACKAGE does it from there");
}

}  // namespace modemedic::operation
