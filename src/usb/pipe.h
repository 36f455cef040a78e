#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "protocol/action.h"

#include <cstddef>
#include <span>

namespace modemedic::usb {

using protocol::Zlp;

/// The bulk pair of one interface of an opened modem. Closing (destroying) it gives the interface back.
///
/// Every implementation keeps an IN transfer pending from open to close: a 9x07 programmer may log in the middle of
/// raw data, and stalls both sides until the host reads (facts: trap 8).
class Pipe {
public:
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  virtual ~Pipe() = default;

  /// Sends one transfer, with a ZLP behind it if asked and due. May return while earlier transfers are still on the
  /// wire (several are queued so that it never idles): their failure comes with a later call; flush() waits for all.
  /// @param bytes  borrowed for the call only
  /// @return Code::timeout when the device took nothing until the deadline, Code::modem_lost when it is gone
  virtual Result<void> send(ByteView bytes, Zlp zlp, Deadline deadline) = 0;

  /// Waits until the device has taken all that was sent. Errors as send().
  virtual Result<void> flush(Deadline deadline) = 0;

  /// The last send before the pipe is closed: what the device answers stays with it, for the host that comes next. So
  /// a modem that says HELLO but once is left as it was found. A pipe that can't stop listening loses the answer.
  virtual Result<void> send_last(ByteView bytes, Deadline deadline) {
    auto sent = send(bytes, Zlp::never, deadline);
    return sent ? flush(deadline) : sent;
  }

  /// Receives what the device sends next: at most one IN transfer, cut where `into` ends (the rest comes with the
  /// next call).
  /// @return the number of bytes, 0 for a zero-length transfer; Code::timeout, Code::modem_lost
  virtual Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) = 0;
};

}  // namespace modemedic::usb
