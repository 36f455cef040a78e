#pragma once

#include <span>
#include <vector>

#include <poll.h>

namespace modemedic::twin {

/// Another server in the thread of the USB/IP server, which waits for its sockets too.
class SocketGuest {
public:
  SocketGuest() = default;
  SocketGuest(const SocketGuest&) = delete;
  SocketGuest& operator=(const SocketGuest&) = delete;
  virtual ~SocketGuest() = default;

  /// Appends what shall be waited for: readable, or writable.
  virtual void collect(std::vector<pollfd>& polled) = 0;

  /// What collect() appended, with what came of it.
  virtual void handle(std::span<const pollfd> polled) = 0;
};

}  // namespace modemedic::twin
