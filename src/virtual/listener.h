#pragma once

#include "base/descriptor.h"
#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>

namespace modemedic::twin {

/// A TCP port where clients are waited for. Its sockets are never waited in: select() tells when.
class Listener {
public:
  /// Listens on `host` (a name or address) at `port`; 0 takes a free one.
  /// @return Code::usage for a host that doesn't resolve, Code::io, Code::permission
  static Result<Listener> open(const std::string& host, std::uint16_t port);

  /// The port that it listens on.
  std::uint16_t port() const { return port_; }

  int socket() const { return socket_.get(); }

  /// The next client; nothing when there is none.
  std::optional<Descriptor> accept();

  /// accept() found no client because this machine has no descriptor left for one: not at once again.
  bool exhausted() const { return exhausted_; }

private:
  Listener(Descriptor socket, std::uint16_t port) : socket_(std::move(socket)), port_(port) {}

  Descriptor socket_;
  std::uint16_t port_;
  bool exhausted_ = false;
};

}  // namespace modemedic::twin
