#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace modemedic::usb {

/// A TCP connection to a server. Never blocks but in wait(), which has a deadline.
class Socket {
public:
  /// Tries every address of `host` in turn. Resolving a name is the one wait that has no deadline of ours.
  /// @return Code::io when nobody listens there or the name means nothing, Code::timeout
  static Result<Socket> connect(const std::string& host, std::uint16_t port, const Clock& clock, Deadline deadline);

  explicit Socket(int descriptor) : descriptor_(descriptor) {}

  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  /// Reads what is there, at most `into`; 0 when nothing is.
  /// @return Code::modem_lost when the other side has closed or broken the connection
  Result<std::size_t> read_now(std::span<std::byte> into);

  /// Writes both parts behind each other, as much as goes without waiting, without copying them together.
  /// @return the number of bytes; Code::modem_lost
  Result<std::size_t> write_now(const std::array<ByteView, 2>& parts);

  enum class Until { readable, readable_or_writable };

  /// Waits until a read (or a write) will do something, or the other side hangs up.
  /// @return false when the deadline passed first
  Result<bool> wait(Until until, const Clock& clock, Deadline deadline);

  /// Fills `into`.
  /// @return Code::timeout, Code::modem_lost
  Result<void> read_all(std::span<std::byte> into, const Clock& clock, Deadline deadline);

  /// @return Code::timeout, Code::modem_lost
  Result<void> write_all(ByteView bytes, const Clock& clock, Deadline deadline);

  /// The other side's address: "127.0.0.1".
  std::string peer() const;

  /// The other side has closed its end, whether or not there is something left to read.
  bool hung_up() const;

  /// Tells the other side that nothing more comes, and waits until it has closed too: so it has noticed. What it
  /// still sends is dropped.
  void say_goodbye(const Clock& clock, Deadline deadline);

private:
  int descriptor_ = -1;
};

}  // namespace modemedic::usb
