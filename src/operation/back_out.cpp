#include "operation/back_out.h"

#include "operation/emit_log.h"
#include "operation/follow_port.h"
#include "operation/prove_flash.h"
#include "operation/run_sahara.h"
#include "operation/upload.h"

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

/// A reset that was taken shows on the bus within its delay of a second or two.
constexpr Duration reset_patience = 10s;
constexpr Duration boot_patience = 120s;
constexpr Duration at_patience = 60s;

Result<void> reset(usb::Bus& bus, const Given& given) {
  if (given.link != nullptr) {
    given.link->start_over();
    TRY_ASSIGN(auto reply, given.link->run(protocol::firehose::Power{}));
    return reply.ack ? Result<void>{} : fail(Code::device_refused).what("the reset was refused");
  }
  if (given.pipe != nullptr) {
    return reset_by_sahara(*given.pipe, bus.clock());
  }
  TRY_ASSIGN(auto pipe, open_edl(bus, given.modem));
  return reset_by_sahara(*pipe, bus.clock());
}

/// A modem that is stuck may swallow the reset: then waiting for its boot would be waiting for nothing.
Result<void> wait_until_gone(usb::Bus& bus, const Given& given) {
  auto deadline = Deadline::in(bus.clock(), reset_patience);
  for (;;) {
    TRY_ASSIGN(auto there, device_after(bus, given.modem));
    if (!there || !usb::same_device(*there, given.modem)) {
      return {};
    }
    if (deadline.passed(bus.clock())) {
      return fail(Code::timeout).what("the modem did not take the reset");
    }
    TRY(bus.wait_change(deadline));
  }
}

/// The modem runs again as who it was.
Result<Identity> prove_return(usb::Bus& bus, const Given& given, Events& events) {
  auto deadline = Deadline::in(bus.clock(), boot_patience);
  TRY_ASSIGN(auto modem, wait_until_running(bus, given.modem, deadline, events, std::stop_token{}));
  return identify(bus, modem, Deadline::in(bus.clock(), at_patience), events);
}

}  // namespace

std::string back_out(usb::Bus& bus, const Given& given, Events& events) {
  if (!given.in_edl) {
    auto there = device_after(bus, given.modem);
    auto stayed = there && *there && usb::same_device(**there, given.modem);
    return stayed ? "nothing was written: the modem runs as before" : "nothing was written";
  }
  if (given.before == nullptr && given.pipe == nullptr) {
    return "nothing was sent: the modem waits in EDL as it was found";
  }
  const auto* then = given.before == nullptr ? "it is as it was found" : "it starts as before";
  if (auto done = reset(bus, given); !done) {
    return fmt::format("nothing was written: take all power from the modem for some seconds, then {}", then);
  }
  if (given.hang_up) {
    given.hang_up();
  }
  if (auto gone = wait_until_gone(bus, given); !gone) {
    return fmt::format(
        "nothing was written, but the modem did not take the reset: take all power from it for some "
        "seconds, then {}",
        then);
  }
  if (given.before == nullptr) {
    return "nothing was written: the modem was reset and is as it was found";
  }
  auto after = prove_return(bus, given, events);
  if (!after || after->revision != given.before->revision) {
    emit_debug(events, "after the reset: " + (after ? "it runs " + printable(after->revision) : after.error().what));
    return "nothing was written, but the modem was not seen to run again after a reset: take all power from it for "
           "some seconds, then it starts as before";
  }
  return fmt::format("nothing was written: the modem runs {} again", printable(after->revision));
}

}  // namespace modemedic::operation
