#include "operation/at_port.h"

#include "knowledge/state.h"
#include "operation/run_at.h"

#include <algorithm>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration answer_patience = 3s;
constexpr Duration between_asks = 500ms;

}  // namespace

Result<AtPort> AtPort::open(usb::Bus& bus, const usb::DeviceInfo& modem, Deadline deadline) {
  auto interface_number = knowledge::at_interface(modem.fingerprint);
  if (!interface_number) {
    return fail(Code::no_modem)
        .what("the modem shows no AT interface in this USB composition")
        .hint("over MBIM or QMI, AT+QCFG=\"usbcfg\" with at set to 1 brings it back");
  }
  TRY_ASSIGN(auto pipe, bus.open(modem, *interface_number));
  AtPort port(std::move(pipe), bus.clock());
  do {
    auto patience = std::min<Duration>(answer_patience, deadline.left(bus.clock()));
    auto answer = run_at(*port.pipe_, bus.clock(), "AT", patience);
    if (answer && answer->ok()) {
      TRY(drain(*port.pipe_, bus.clock(), between_asks));  // answers to what was asked while it booted
      return port;
    }
    if (!answer && answer.error().code != Code::timeout) {
      return fail(std::move(answer.error()));
    }
    if (answer) {
      TRY(port.pause());
    }
  } while (!deadline.passed(bus.clock()));
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
  return run_at(*pipe_, *clock_, command, answer_patience);
}

Result<void> AtPort::pause() {
  return drain(*pipe_, *clock_, between_asks);
}

}  // namespace modemedic::operation
