#pragma once

#include "base/clock.h"
#include "usb/pipe.h"

#include <array>

namespace modemedic::operation {

/// Feeds a protocol machine with the next IN transfer, or tells it that none came within `patience`.
/// @param Machine  has feed(ByteView) and timed_out()
/// @return errors of the pipe but for the timeout: what silence means is the machine's to say
template <class Machine>
Result<void> feed_from(usb::Pipe& pipe, const Clock& clock, Machine& machine, Duration patience) {
  constexpr std::size_t longest_transfer = 16384;
  std::array<std::byte, longest_transfer> buffer{};
  auto received = pipe.receive(buffer, Deadline::in(clock, patience));
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

}  // namespace modemedic::operation
