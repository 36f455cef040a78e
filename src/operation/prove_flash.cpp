#include "operation/prove_flash.h"

#include "operation/at_port.h"
#include "operation/follow_port.h"

#include <optional>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using knowledge::State;

namespace {

/// A module boots in 10 to 40 s; its first boot after a flash is the slowest.
constexpr Duration boot_patience = 120s;

/// A boot mode counts only when it stays: a modem may show one in passing.
constexpr Duration settle = 5s;

/// AT may stay silent for a minute after the modem is on the bus.
constexpr Duration at_patience = 60s;

/// A value that is not there yet is asked for again.
constexpr Duration value_patience = 20s;

Failure not_proven(std::string what, std::string hint) {
  return fail(Code::not_proven).what(std::move(what)).hint(std::move(hint));
}

/// What it means that the modem came back like this (stories.md, 5).
Failure came_back_as(const usb::DeviceInfo& device, const knowledge::Sighting& sighting) {
  auto seen = describe(device.fingerprint);
  switch (sighting.state) {
    case State::edl:
      return not_proven(
          fmt::format("all data were taken, but the modem is in EDL again ({}): the boot chain was not accepted", seen),
          "wrong firmware, fused keys, bad flash, or the boot pin is held. Tell them apart: look whether USB_BOOT is "
          "tied to 1.8 V and power-cycle without it; compare the module's label with the package's name; a module of "
          "an operator or device maker may be fused to its own keys; flash once more: if it fails again with the "
          "right firmware, the flash is failing");
    case State::boot_mode:
      return not_proven(
          fmt::format("all data were taken, but the boot loader stopped in Sahara ({}): TZ, RPM or aboot was not "
                      "accepted",
                      seen),
          "power-cycle it once; if it comes back like this, put it into EDL by its boot pin and flash it again; when "
          "that fails too, the firmware is for another module or the flash is failing");
    case State::fastboot:
      return not_proven(fmt::format("all data were taken, but the modem is in fastboot ({})", seen),
                        "its boot image was not accepted, or a flag in misc forces fastboot: fastboot reboot clears "
                        "it; if it comes back like this, flash it again");
    default:
      return not_proven(
          fmt::format("all data were taken, but the modem came back as {} ({})", knowledge::name(sighting.state), seen),
          "power-cycle it and look again with modemedic list; if it stays like this, flash it again");
  }
}

Failure never_came_back(usb::Bus& bus, const usb::DeviceInfo& gone, unsigned starts) {
  auto there = device_after(bus, gone);
  if (there && *there && usb::same_device(**there, gone)) {
    return not_proven("the modem acknowledged the reset but did not restart",
                      "all data are written: take all power from the modem and look again with modemedic list");
  }
  if (starts == 1) {
    return fail(Code::modem_lost)
        .what("all data were taken, but the modem came up and left the bus again before it had proven itself")
        .hint("see that it has power and a good cable, and look at it with modemedic list");
  }
  if (starts > 1) {
    return fail(Code::modem_lost)
        .what(fmt::format("all data were taken, but the modem came and went {} times and did not stay: a boot loop",
                          starts))
        .hint(
            "too little power, or a kernel or root file system that does not start: put it into EDL by its boot pin "
            "and flash it again; if it loops again, the flash is failing");
  }
  return fail(Code::modem_lost)
      .what("all data were taken, but after the reset the modem did not come back to USB")
      .hint(
          "take all power from the modem for some seconds; if it stays away, hold its boot pin (USB_BOOT at 1.8 V) "
          "at power-on: then it comes up in EDL and can be flashed again");
}

Result<void> check_revision(const Identity& after, const firmware::Package& package) {
  if (!package.revision) {
    return {};  // the person lifted the rule: there is nothing to compare with
  }
  auto shown = firmware::parse_revision(after.revision);
  auto same = shown && shown->short_text() == package.revision->short_text() &&
              (shown->sub_version.empty() || package.revision->sub_version.empty() ||
               shown->sub_version == package.revision->sub_version);
  if (!same) {
    return not_proven(
        fmt::format("the modem runs {}, the package is {}",
                    after.revision.empty() ? "an unknown revision" : printable(after.revision), package.revision->text),
        "the flash did not do what the package promises: see whether its name is right, and flash again");
  }
  return {};
}

Result<void> check_imei(const Identity& after, const Identity& before) {
  auto lost = "EFS is lost: stop using this module on a network, and restore its backup if there is one";
  if (after.imei.empty()) {
    return not_proven(before.imei.empty() && !before.revision.empty() ? "the modem has no IMEI, as before the flash"
                                                                      : "the modem has no IMEI any more",
                      lost);
  }
  if (!before.imei.empty() && after.imei != before.imei) {
    return not_proven("the modem shows another IMEI than before the flash", lost);
  }
  return {};
}

std::string meaning_of(const std::string& cfun) {
  if (cfun == "5") {
    return "factory test mode: the RF calibration is lost";
  }
  if (cfun == "7") {
    return "offline: RF data and EFS do not fit together";
  }
  return "the modem does not say that it can use the radio";
}

/// CFUN is 1, or the modem takes it when told.
Result<std::string> check_cfun(usb::Bus& bus, const usb::DeviceInfo& modem, const Identity& after) {
  if (after.cfun == "1") {
    return after.cfun;
  }
  TRY_ASSIGN(auto port, AtPort::open(bus, modem, Deadline::in(bus.clock(), value_patience)));
  TRY_ASSIGN(auto answer, port.tell("AT+CFUN=1"));
  if (!answer.ok()) {
    return not_proven(fmt::format("CFUN is {} and can't be set to 1 ({}): {}", printable(after.cfun),
                                  printable(answer.final), meaning_of(after.cfun)),
                      "RF data of the module are missing or do not fit; restore its backup if there is one");
  }
  return std::string("1");
}

/// Asks until nothing that may still come is missing.
Result<Identity> identify_patiently(usb::Bus& bus, const usb::DeviceInfo& modem, Deadline deadline, Events& events) {
  auto at_deadline = std::min(deadline.at, Deadline::in(bus.clock(), at_patience).at);
  TRY_ASSIGN(auto identity, identify(bus, modem, {at_deadline}, events));
  auto value_deadline = Deadline::in(bus.clock(), value_patience);
  while ((identity.imei.empty() || identity.cfun.empty()) && !value_deadline.passed(bus.clock())) {
    TRY(bus.wait_change(Deadline::in(bus.clock(), 2s)));
    auto again = identify(bus, modem, value_deadline, events);
    if (!again && again.error().code == Code::timeout) {
      break;  // what it said first counts
    }
    TRY_ASSIGN(identity, std::move(again));
  }
  return identity;
}

/// What stops the proof of a modem that runs.
Failure cannot_be_asked(Error why) {
  switch (why.code) {
    case Code::timeout:
      return not_proven("the modem runs, but AT does not answer: its modem firmware does not start",
                        "power-cycle it and look again with modemedic list; if AT stays silent, flash it again");
    case Code::permission:
    case Code::busy:
      return not_proven("the modem runs, but can't be asked: " + why.what,
                        "close what holds its AT port (ModemManager) and look with modemedic list. " + why.hint);
    default:
      return fail(std::move(why));
  }
}

}  // namespace

Result<usb::DeviceInfo> wait_until_running(usb::Bus& bus, const usb::DeviceInfo& gone, Deadline deadline,
                                           Events& events, const std::stop_token& stop) {
  auto told = gone;
  while (!stop.stop_requested()) {
    auto slice = std::min(deadline.at, Deadline::in(bus.clock(), settle).at);
    TRY_ASSIGN(auto next, wait_for_next(bus, gone, 0s, {slice}));
    if (!next) {
      if (deadline.passed(bus.clock())) {
        return never_came_back(bus, gone, 0);
      }
      continue;
    }
    auto sighting = knowledge::conclude(next->fingerprint);
    if (!usb::same_device(std::exchange(told, *next), *next)) {
      emit_modem(events, *next, sighting);
    }
    if (sighting.state == State::running) {
      return *next;
    }
    TRY_ASSIGN(auto changed, bus.wait_change(Deadline::in(bus.clock(), settle)));
    TRY_ASSIGN(auto now, device_after(bus, *next));
    if (!changed || (deadline.passed(bus.clock()) && now)) {
      return came_back_as(*next, sighting);
    }
  }
  return fail(Code::interrupted).what("stopped while the modem restarts").hint("look at it with modemedic list");
}

Result<Identity> prove_flash(usb::Bus& bus, usb::DeviceInfo gone, const Identity& before,
                             const firmware::Package& package, Events& events, const std::stop_token& stop) {
  auto deadline = Deadline::in(bus.clock(), boot_patience);
  for (unsigned starts = 0;; ++starts) {
    auto running = wait_until_running(bus, gone, deadline, events, stop);
    if (!running && running.error().code == Code::modem_lost) {
      return never_came_back(bus, gone, starts);
    }
    TRY_ASSIGN(auto modem, std::move(running));
    auto after = identify_patiently(bus, modem, deadline, events);
    if (!after && starts > 0 && deadline.passed(bus.clock())) {
      return never_came_back(bus, gone, starts);  // it was about to leave once more
    }
    if (!after && after.error().code == Code::modem_lost) {
      gone = modem;  // it left again while it was asked
      continue;
    }
    if (!after) {
      return cannot_be_asked(std::move(after.error()));
    }
    TRY(check_revision(*after, package));
    TRY(check_imei(*after, before));
    auto cfun = check_cfun(bus, modem, *after);
    if (!cfun) {
      return cannot_be_asked(std::move(cfun.error()));
    }
    after->cfun = *cfun;
    return after;
  }
}

}  // namespace modemedic::operation
