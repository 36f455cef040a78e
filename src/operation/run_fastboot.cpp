#include "operation/run_fastboot.h"

#include "knowledge/shape.h"
#include "operation/feed_machine.h"
#include "operation/run_at.h"

#include <algorithm>
#include <variant>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration send_patience = 2s;

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
  for (;;) {
    auto action = host.next();
    if (auto* send = std::get_if<protocol::Send>(&action)) {
      TRY(pipe.send(send->bytes, send->zlp, Deadline::in(clock, send_patience)));
    } else if (auto* wait = std::get_if<protocol::Await>(&action)) {
      TRY(feed_from(pipe, clock, host, wait->patience));
    } else if (auto* failed = std::get_if<protocol::Failed>(&action)) {
      return fail(std::move(failed->error));
    } else {
      return host.reply();
    }
  }
}

}  // namespace modemedic::operation
