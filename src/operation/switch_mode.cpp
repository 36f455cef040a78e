#include "operation/switch_mode.h"

#include "operation/emit_log.h"
#include "operation/follow_port.h"
#include "operation/run_at.h"
#include "operation/run_diag.h"
#include "protocol/diag.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration diag_patience = 10s;
constexpr Duration edl_patience = 30s;  ///< 1 to 5 s on a 9x07, up to 30 s on later families

/// How long one that came back as it was may take to leave again, and how often it is asked.
constexpr Duration same_again_patience = 5s;
constexpr int most_attempts = 2;

Failure arrived_as(const Found& found) {
  return fail(Code::device_refused)
      .what(fmt::format("after the switch the modem is not in EDL but {}: {}", knowledge::name(found.sighting.state),
                        describe(found.device.fingerprint)))
      .hint(found.sighting.next);
}

/// Nothing came in the modem's place.
Failure did_not_arrive(usb::Bus& bus, const usb::DeviceInfo& modem) {
  auto there = device_after(bus, modem);
  if (!there) {
    return fail(std::move(there.error()));
  }
  return fail(*there ? Code::timeout : Code::modem_lost)
      .what(*there ? "the modem took the switch to EDL but stayed as it is"
                   : "the modem left for EDL and did not come back within 30 s")
      .hint("power-cycle the modem and it starts as before");
}

/// One that comes back as it was has not switched yet, or will not: a hub that was reset brings all its devices anew.
Result<Found> wait_for_arrival(usb::Bus& bus, usb::DeviceInfo modem, Events& events) {
  auto deadline = Deadline::in(bus.clock(), edl_patience);
  std::optional<Found> found;
  for (;;) {
    auto patience = found ? std::min(deadline.at, Deadline::in(bus.clock(), same_again_patience).at) : deadline.at;
    TRY_ASSIGN(auto next, wait_for_next(bus, modem, 0s, {patience}));
    if (!next) {
      return found ? Result<Found>(std::move(*found)) : did_not_arrive(bus, modem);
    }
    found = Found{*next, knowledge::conclude(next->fingerprint)};
    emit_modem(events, found->device, found->sighting);
    if (found->sighting.state != knowledge::State::running) {
      return std::move(*found);
    }
    modem = std::move(*next);
  }
}

}  // namespace

Result<void> request_by_diag(usb::Bus& bus, const Found& modem, ByteView body, Events& events) {
  auto interface_number = knowledge::diag_interface(modem.device.fingerprint);
  if (!interface_number) {
    return fail(Code::refused)
        .rule("mode")
        .what("the modem shows no DIAG interface in this USB composition, so it can't be switched to a flash mode")
        .hint("AT+QCFG=\"usbcfg\" with diag set to 1 brings it back; nothing was sent");
  }
  TRY_ASSIGN(auto pipe, bus.open(modem.device, *interface_number));
  TRY_ASSIGN(auto built, prove_diag(*pipe, bus.clock(), Deadline::in(bus.clock(), diag_patience)));
  emit_debug(events, fmt::format("DIAG answers on interface {}: built {}", *interface_number, printable(built)));
  auto sent = send_diag(*pipe, bus.clock(), body);
  auto echo = sent ? drain(*pipe, bus.clock(), 200ms) : sent;
  if (!echo && echo.error().code != Code::modem_lost) {
    return echo;  // a modem that is gone already has obeyed
  }
  return {};
}

Result<Found> switch_to_edl(usb::Bus& bus, const Found& modem, Events& events) {
  auto found = modem;
  for (auto attempt = 0; attempt < most_attempts && found.sighting.state == knowledge::State::running; ++attempt) {
    TRY(request_by_diag(bus, found, protocol::diag::switch_to_edl_request(), events));
    TRY_ASSIGN(found, wait_for_arrival(bus, found.device, events));
  }
  if (found.sighting.state != knowledge::State::edl) {
    return arrived_as(found);
  }
  return found;
}

}  // namespace modemedic::operation
