#pragma once

#include "base/error.h"
#include "protocol/at.h"
#include "usb/bus.h"

#include <memory>
#include <string>

namespace modemedic::operation {

/// The AT port of a running modem, chosen by shape and proved by an answer to AT.
class AtPort {
public:
  /// Waits through a boot: the port may stay silent until the deadline.
  /// @return Code::no_modem when the modem shows no such interface, Code::timeout when AT never answered,
  ///         Code::modem_lost, Code::permission, Code::busy
  static Result<AtPort> open(usb::Bus& bus, const usb::DeviceInfo& modem, Deadline deadline);

  /// A question that has an answer beyond OK. One that came empty is asked again: it may have been the late answer to
  /// something else.
  Result<protocol::AtAnswer> ask(const std::string& command);

  /// A command that is answered by OK alone.
  Result<protocol::AtAnswer> tell(const std::string& command);

  /// The same, with as much time as it may take.
  Result<protocol::AtAnswer> tell_within(const std::string& command, Duration patience);

  /// Waits for an unasked line, such as POWERED DOWN.
  /// @return false when it did not come; a modem that leaves says nothing more
  Result<bool> listen_for(const std::string& line, Duration patience);

  /// Asks a modem that said CONNECT for its attention again (V.250: silence, +++, silence).
  Result<void> leave_data_mode();

  /// Lets a moment pass for a modem that is not ready yet, listening to what it says unasked.
  Result<void> pause();

private:
  AtPort(std::unique_ptr<usb::Pipe> pipe, const Clock& clock, Deadline deadline)
      : pipe_(std::move(pipe)), clock_(&clock), deadline_(deadline) {}

  std::unique_ptr<usb::Pipe> pipe_;
  const Clock* clock_;
  Deadline deadline_;  ///< of the whole talk: near it, silence is borne less long
};

}  // namespace modemedic::operation
