#include "operation/back_out.h"

#include "operation/prove_flash.h"
#include "operation/run_sahara.h"

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration boot_patience = 120s;
constexpr Duration at_patience = 60s;

Result<void> reset(const Clock& clock, const Given& given) {
  if (given.link == nullptr) {
    return reset_by_sahara(*given.pipe, clock);
  }
  given.link->start_over();
  TRY_ASSIGN(auto reply, given.link->run(protocol::firehose::Power{}));
  return reply.ack ? Result<void>{} : fail(Code::device_refused).what("the reset was refused");
}

/// The modem runs again as who it was.
Result<Identity> prove_return(usb::Bus& bus, const Given& given, Events& events) {
  auto deadline = Deadline::in(bus.clock(), boot_patience);
  TRY_ASSIGN(auto modem,
             wait_until_running(bus, given.modem.port, given.modem.enumeration, deadline, events, std::stop_token{}));
  return identify(bus, modem, Deadline::in(bus.clock(), at_patience), events);
}

}  // namespace

std::string back_out(usb::Bus& bus, const Given& given, Events& events) {
  if (given.pipe == nullptr) {
    return "nothing was written: the modem runs as before";
  }
  auto done = reset(bus.clock(), given);
  if (!done) {
    return "nothing was written: take all power from the modem for some seconds, then it starts as before";
  }
  if (given.before == nullptr) {
    return "nothing was written: the modem was reset and is as it was found";
  }
  auto after = prove_return(bus, given, events);
  if (!after || after->revision != given.before->revision) {
    return "nothing was written, but the modem was not seen to run again after a reset: take all power from it for "
           "some seconds, then it starts as before";
  }
  return fmt::format("nothing was written: the modem runs {} again", printable(after->revision));
}

}  // namespace modemedic::operation
