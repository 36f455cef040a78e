#include "operation/run_at.h"

#include "operation/feed_machine.h"

#include <algorithm>
#include <array>
#include <variant>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration send_patience = 2s;

/// A port that streams (NMEA, logs) is never quiet: no more than this is dropped.
constexpr int most_transfers_dropped = 64;

}  // namespace

Result<void> drain(usb::Pipe& pipe, const Clock& clock, Duration quiet) {
  std::array<std::byte, 4096> buffer{};
  for (int i = 0; i < most_transfers_dropped; ++i) {
    auto received = pipe.receive(buffer, Deadline::in(clock, quiet));
    if (!received) {
      return received.error().code == Code::timeout ? Result<void>{} : fail(std::move(received.error()));
    }
  }
  return {};
}

Result<protocol::AtAnswer> run_at(usb::Pipe& pipe, const Clock& clock, const std::string& command, Duration patience,
                                  Deadline deadline) {
  TRY(drain(pipe, clock, 5ms));
  protocol::AtHost host(command, patience);
  for (;;) {
    auto action = host.next();
    if (auto* send = std::get_if<protocol::Send>(&action)) {
      TRY(pipe.send(send->bytes, send->zlp, Deadline::in(clock, send_patience)));
    } else if (auto* wait = std::get_if<protocol::Await>(&action)) {
      if (deadline.passed(clock)) {
        host.timed_out();
      } else {
        TRY(feed_from(pipe, clock, host, std::min(wait->patience, deadline.left(clock))));
      }
    } else if (auto* failed = std::get_if<protocol::Failed>(&action)) {
      return fail(std::move(failed->error));
    } else {
      return host.answer();
    }
  }
}

}  // namespace modemedic::operation
