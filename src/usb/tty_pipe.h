#pragma once

#include "base/descriptor.h"
#include "usb/pipe.h"
#include "usb/uucp_lock.h"

#include <memory>
#include <string>

#include <termios.h>

namespace modemedic::usb {

/// A port of a modem through the kernel's serial driver: /dev/ttyUSB2, or a pty. Raw bytes both ways; there are no
/// transfers and no ZLPs on it, so AT and DIAG can be spoken here, Sahara and Firehose can't.
class TtyPipe final : public Pipe {
public:
  /// Opens it for us alone. It is given back as it was found.
  /// @return Code::busy, naming the program that uses it; Code::permission; Code::modem_lost when it is not there (any
  ///         more); Code::usage for what is no tty
  static Result<std::unique_ptr<Pipe>> open(const std::string& node, const Clock& clock);

  ~TtyPipe() override;

  Result<void> send(ByteView bytes, Zlp zlp, Deadline deadline) override;
  Result<void> flush(Deadline deadline) override;
  Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override;

private:
  TtyPipe(Descriptor tty, UucpLock lock, std::string node, const Clock& clock);

  Result<void> make_raw();
  bool wait(short events, Deadline deadline) const;
  Failure timed_out(const char* what) const;
  Failure hung_up(int reason) const;

  const Clock& clock_;
  Descriptor tty_;
  UucpLock lock_;
  std::string node_;
  termios before_{};
  bool raw_ = false;
};

}  // namespace modemedic::usb
