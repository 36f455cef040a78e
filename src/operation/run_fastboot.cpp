#include "operation/run_fastboot.h"

#include "knowledge/shape.h"
#include "operation/feed_machine.h"
#include "operation/run_at.h"

#include <algorithm>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

/// INFO may come any number of times before the answer: so long, no longer.
constexpr Duration longest_talk = 60s;

}  // namespace

Result<std::unique_ptr<usb::Pipe>> open_fastboot(usb::Bus& bus, const usb::DeviceInfo& modem) {
  const auto& interfaces = modem.fingerprint.interfaces;
  auto found = std::find_if(interfaces.begin(), interfaces.end(), [](const auto& interface) {
    return knowledge::role(interface) == knowledge::Role::fastboot && usb::bulk_pair(interface);
  });
  if (found == interfaces.end()) {
    return fail(Code::device_protocol)
        .what("the modem in fastboot shows no fastboot interface")
        .hint("take all power from the modem for some seconds, and look again with modemedic list");
  }
  return bus.open(modem, found->number);
}

Result<protocol::FastbootReply> run_fastboot(usb::Pipe& pipe, const Clock& clock, const std::string& command,
                                             Duration patience) {
  TRY(drain(pipe, clock, 5ms));
  protocol::FastbootHost host(command, patience);
  TRY(walk_machine(pipe, clock, host, Deadline::in(clock, longest_talk)));
  return host.reply();
}

}  // namespace modemedic::operation
