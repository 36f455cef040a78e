#pragma once

#include "operation/at_port.h"

#include <string>

namespace modemedic::operation {

/// A command that a person typed, and what came of it.
struct AtExchange {
  std::string command;
  protocol::AtAnswer answer;  ///< without a final line when the modem left, or fell silent, as the command makes it
  bool left = false;          ///< so it did
  bool finished = false;      ///< the unasked line came that tells that it is done: "POWERED DOWN"
};

/// Whether this may be sent: one line that begins with AT, of at most 1000 characters, and no command that this tool
/// does not send (data/at-commands.toml).
/// @return Code::usage, Code::refused
Result<void> check_at_command(const std::string& command);

/// Sends a command and takes its answer; where the command makes the modem leave, silence is an answer, too.
/// @param patience  for the whole answer
/// @return a refusal is an answer; Code::timeout, Code::modem_lost, Code::device_protocol; Code::device_refused when it
///         went into data mode
Result<AtExchange> exchange(AtPort& port, const std::string& command, Duration patience);

}  // namespace modemedic::operation
