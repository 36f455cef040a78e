#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

#include <cstdint>
#include <variant>

/// What a protocol machine asks the outside to do. A machine eats bytes (`feed`), yields one action at a time
/// (`next`), and is told when the device kept silent (`timed_out`). It never reads, sends, sleeps or looks at a clock.
namespace modemedic::protocol {

/// Whether a transfer whose length is a multiple of the endpoint's packet size is ended by a zero-length packet.
/// Firehose raw data needs it; an unconditional one breaks Sahara on some boot ROMs. So it is a choice per transfer.
enum class Zlp { never, if_multiple };

/// Send these bytes as one transfer.
struct Send {
  Buffer bytes;
  Zlp zlp = Zlp::never;
};

/// Send bytes [offset, offset + length) of image `image`: they go from the file to the pipe without passing here.
/// `padding` bytes of 0xFF follow in the same transfer.
struct SendImage {
  std::uint64_t image = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t padding = 0;
  Zlp zlp = Zlp::never;
};

/// The next `length` bytes from the device are raw data for the caller: receive them past the machine, then call
/// the machine's `received(length)`.
struct ReceiveRaw {
  std::uint64_t length = 0;
};

/// Wait for bytes from the device, at most this long; then feed() or timed_out().
struct Await {
  Duration patience;
};

/// The work of the machine is done.
struct Done {};

/// It failed, for this reason; the machine says nothing more.
struct Failed {
  Error error;
};

}  // namespace modemedic::protocol
