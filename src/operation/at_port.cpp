#include "operation/at_port.h"

#include "knowledge/state.h"
#include "operation/feed_machine.h"
#include "operation/run_at.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration answer_patience = 3s;

/// A bare AT is answered within milliseconds, or not at all: what a port gets while it boots is lost.
constexpr Duration ping_patience = 1s;
constexpr Duration between_asks = 500ms;

/// A port that answered its first question at once has no late answers to older ones in store.
constexpr Duration settled = 20ms;

/// Of silence around +++ (V.250, 6.3.5: a second at least).
constexpr Duration guard_time = 1100ms;

/// What a question is given when the deadline is near or has passed: the port has answered before.
constexpr Duration least_patience = 300ms;

}  // namespace

Result<AtPort> AtPort::open(usb::Bus& bus, const usb::DeviceInfo& modem, Deadline deadline) {
  auto interface_number = knowledge::at_interface(modem.fingerprint);
  auto state = knowledge::conclude(modem.fingerprint).state;
  if (!interface_number && state != knowledge::State::running) {
    return fail(Code::no_modem)
        .what(fmt::format("the modem is in {}, and only one that runs speaks AT", knowledge::name(state)))
        .hint("modemedic mode normal brings it back; modemedic doctor says what is wrong when it does not");
  }
  if (!interface_number) {
    return fail(Code::no_modem)
        .what("the modem shows no AT interface in this USB composition")
        .hint("over MBIM or QMI, AT+QCFG=\"usbcfg\" with at set to 1 brings it back");
  }
  TRY_ASSIGN(auto pipe, bus.open(modem, *interface_number));
  AtPort port(std::move(pipe), bus.clock(), deadline);
  for (auto first = true;; first = false) {
    auto until = std::min(deadline.at, Deadline::in(bus.clock(), ping_patience).at);
    auto answer = run_at(*port.pipe_, bus.clock(), "AT", ping_patience, {until});
    if (answer && answer->ok()) {
      // Answers to what was asked while it booted.
      TRY(drain(*port.pipe_, bus.clock(), first ? settled : between_asks));
      return port;
    }
    if (!answer && answer.error().code != Code::timeout) {
      return fail(std::move(answer.error()));
    }
    if (deadline.passed(bus.clock())) {
      break;
    }
    if (answer) {
      TRY(port.pause());
    }
  }
  return fail(Code::timeout)
      .what("the modem does not answer AT")
      .hint("it may still boot (up to a minute), or its modem firmware does not run: try again, then power-cycle it");
}

Result<protocol::AtAnswer> AtPort::ask(const std::string& command) {
  auto answer = tell(command);
  if (answer && answer->ok() && answer->lines.empty()) {
    TRY(pause());
    return tell(command);
  }
  return answer;
}

Result<protocol::AtAnswer> AtPort::tell(const std::string& command) {
  auto patience = std::clamp<Duration>(deadline_.left(*clock_), least_patience, answer_patience);
  // Unasked lines in between may double the time, no more.
  return run_at(*pipe_, *clock_, command, patience, Deadline::in(*clock_, 2 * patience));
}

Result<protocol::AtAnswer> AtPort::tell_within(const std::string& command, Duration patience) {
  return run_at(*pipe_, *clock_, command, patience, Deadline::in(*clock_, patience));
}

Result<bool> AtPort::listen_for(const std::string& line, Duration patience) {
  auto deadline = Deadline::in(*clock_, patience);
  protocol::AtHost listener("", patience);  // what comes before a command is sent is unasked
  while (!deadline.passed(*clock_)) {
    auto fed = feed_from(*pipe_, *clock_, listener, deadline.left(*clock_));
    if (!fed) {
      return fed.error().code == Code::modem_lost ? Result<bool>(false) : fail(std::move(fed.error()));
    }
    const auto& heard = listener.answer().unsolicited;
    if (std::find(heard.begin(), heard.end(), line) != heard.end()) {
      return true;
    }
  }
  return false;
}

Result<void> AtPort::leave_data_mode() {
  TRY(drain(*pipe_, *clock_, guard_time));
  TRY(pipe_->send(as_bytes("+++"), usb::Zlp::never, Deadline::in(*clock_, answer_patience)));
  return drain(*pipe_, *clock_, guard_time);
}

Result<void> AtPort::pause() {
  return drain(*pipe_, *clock_, between_asks);
}

}  // namespace modemedic::operation
