#include "operation/switch_mode.h"

#include "operation/follow_port.h"
#include "operation/run_at.h"
#include "operation/run_diag.h"
#include "protocol/diag.h"

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration diag_patience = 10s;
constexpr Duration edl_patience = 30s;  ///< 1 to 5 s on a 9x07, up to 30 s on later families

/// Proves that the port is DIAG and says the magic. The echo, if any, is read so that the modem is not kept waiting.
Result<void> request_edl(usb::Bus& bus, const Found& modem, std::uint8_t interface_number, Events& events) {
  TRY_ASSIGN(auto pipe, bus.open(modem.device, interface_number));
  TRY_ASSIGN(auto built, prove_diag(*pipe, bus.clock(), Deadline::in(bus.clock(), diag_patience)));
  events.emit(event::Log{event::Log::Level::debug,
                         fmt::format("DIAG answers on interface {}: built {}", interface_number, printable(built))});
  auto sent = send_diag(*pipe, bus.clock(), protocol::diag::switch_to_edl_request());
  auto echo = sent ? drain(*pipe, bus.clock(), 200ms) : sent;
  if (!echo && echo.error().code != Code::modem_lost) {
    return echo;  // a modem that is gone already has obeyed
  }
  return {};
}

Failure arrived_as(const Found& found) {
  return fail(Code::device_refused)
      .what(fmt::format("after the switch the modem is not in EDL but {}: {}", knowledge::name(found.sighting.state),
                        describe(found.device.fingerprint)))
      .hint(found.sighting.next);
}

}  // namespace

Result<Found> switch_to_edl(usb::Bus& bus, const Found& modem, Events& events) {
  auto interface_number = knowledge::diag_interface(modem.device.fingerprint);
  if (!interface_number) {
    return fail(Code::refused)
        .rule("mode")
        .what("the modem shows no DIAG interface in this USB composition, so it can't be switched to EDL")
        .hint("AT+QCFG=\"usbcfg\" with diag set to 1 brings it back; nothing was sent");
  }
  TRY(request_edl(bus, modem, *interface_number, events));
  auto deadline = Deadline::in(bus.clock(), edl_patience);
  TRY_ASSIGN(auto next, wait_for_next(bus, modem.device, 0s, deadline));
  if (!next) {
    TRY_ASSIGN(auto there, device_after(bus, modem.device));
    return fail(there ? Code::timeout : Code::modem_lost)
        .what(there ? "the modem took the switch to EDL but stayed as it is"
                    : "the modem left for EDL and did not come back within 30 s")
        .hint("power-cycle the modem and it starts as before");
  }
  Found found{*next, knowledge::conclude(next->fingerprint)};
  emit_modem(events, found.device, found.sighting);
  if (found.sighting.state != knowledge::State::edl) {
    return arrived_as(found);
  }
  return found;
}

}  // namespace modemedic::operation
