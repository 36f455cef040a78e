#pragma once

#include "base/error.h"
#include "protocol/action.h"

#include <string>
#include <variant>
#include <vector>

/// AT commands (ITU-T V.250; facts: at-diag.md).
namespace modemedic::protocol {

/// What a modem answered to one command.
struct AtAnswer {
  std::vector<std::string> lines;        ///< without echo, final line and unsolicited lines
  std::vector<std::string> unsolicited;  ///< RDY, +CPIN: READY, +QIND: …, that came in between
  std::string final;                     ///< "OK", "ERROR", "+CME ERROR: 10"

  bool ok() const { return final == "OK"; }
};

/// Sends one command and collects its answer. Lines fed before next() sent the command are unsolicited ones.
class AtHost {
public:
  /// @param command   without the line end: "AT+QGMR"
  /// @param patience  how long each silence may last; a port that babbles for ever is ended after 1 MiB
  AtHost(std::string command, Duration patience);

  void feed(ByteView bytes);
  void timed_out();

  using Action = std::variant<Send, Await, Done, Failed>;
  Action next();

  /// Valid after Done.
  const AtAnswer& answer() const { return answer_; }

private:
  void take_line(std::string line);

  std::string command_;
  Duration patience_;
  AtAnswer answer_;
  std::string partial_;
  std::size_t received_ = 0;
  bool sent_ = false;
  bool echoed_ = false;
  bool done_ = false;
  std::vector<Error> failure_;
};

}  // namespace modemedic::protocol
