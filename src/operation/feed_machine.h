#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "protocol/action.h"
#include "usb/pipe.h"

#include <algorithm>
#include <array>
#include <span>
#include <variant>

namespace modemedic::operation {

/// Receives an IN transfer that is not empty. Empty ones are no answer, and lengthen no wait: a modem that sends
/// nothing else is silent.
/// @return never 0 bytes; Code::timeout and the pipe's other errors
inline Result<std::size_t> receive_some(usb::Pipe& pipe, const Clock& clock, std::span<std::byte> into,
                                        Deadline deadline) {
  for (;;) {
    TRY_ASSIGN(auto count, pipe.receive(into, deadline));
    if (count > 0) {
      return count;
    }
    if (deadline.passed(clock)) {
      return fail(Code::timeout).what("the modem sent empty transfers only");
    }
  }
}

/// Feeds a protocol machine with the next IN transfer, or tells it that none came within `patience`.
/// @param Machine  has feed(ByteView) and timed_out()
/// @return errors of the pipe but for the timeout: what silence means is the machine's to say
template <class Machine>
Result<void> feed_from(usb::Pipe& pipe, const Clock& clock, Machine& machine, Duration patience) {
  constexpr std::size_t longest_transfer = 16384;
  std::array<std::byte, longest_transfer> buffer{};
  auto received = receive_some(pipe, clock, buffer, Deadline::in(clock, patience));
  if (received) {
    machine.feed(ByteView(buffer).first(*received));
    return {};
  }
  if (received.error().code == Code::timeout) {
    machine.timed_out();
    return {};
  }
  return fail(std::move(received.error()));
}

/// Walks a machine that sends, waits and ends, and has no data of its own to move.
/// @param deadline  of the whole talk: a device that babbles is never silent
/// @return the machine's failure, the pipe's
template <class Machine>
Result<void> walk_machine(usb::Pipe& pipe, const Clock& clock, Machine& machine, Deadline deadline) {
  constexpr Duration send_patience = std::chrono::seconds(2);
  for (;;) {
    auto action = machine.next();
    if (auto* send = std::get_if<protocol::Send>(&action)) {
      TRY(pipe.send(send->bytes, send->zlp, Deadline::in(clock, send_patience)));
    } else if (auto* failed = std::get_if<protocol::Failed>(&action)) {
      return fail(std::move(failed->error));
    } else if (std::holds_alternative<protocol::Done>(action)) {
      return {};
    } else if (deadline.passed(clock)) {
      machine.timed_out();
    } else {
      auto patience = std::get<protocol::Await>(action).patience;
      TRY(feed_from(pipe, clock, machine, std::min(patience, deadline.left(clock))));
    }
  }
}

}  // namespace modemedic::operation
