#include "operation/run_at.h"

#include "operation/feed_machine.h"

#include <array>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

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
  TRY(walk_machine(pipe, clock, host, deadline));
  return host.answer();
}

}  // namespace modemedic::operation
