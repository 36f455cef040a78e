#pragma once

#include "base/error.h"
#include "protocol/action.h"
#include "protocol/hdlc.h"

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace modemedic::protocol {

/// Sends one DIAG request and finds its answer among whatever the port says: a modem that logs says a lot. Knows no
/// request by itself.
class DiagHost {
public:
  /// Is this frame the answer? Called for frames whose CRC is right.
  using IsAnswer = std::function<bool(ByteView frame)>;

  struct Question {
    std::string what;    ///< for an error: "read /nvm/num/550"
    Buffer request;      ///< without framing
    IsAnswer is_answer;  ///< also for a refusal
    Duration patience;   ///< how long each silence may last
    unsigned tries = 1;  ///< more only where a second answer can't be taken for that of another question
  };

  explicit DiagHost(Question question);

  void feed(ByteView bytes);  ///< any split
  void timed_out();

  using Action = std::variant<Send, Await, Done, Failed>;
  Action next();

  /// Valid after Done.
  const Buffer& answer() const { return answer_; }

private:
  Question question_;
  HdlcReader reader_;
  Buffer answer_;
  unsigned sent_ = 0;
  bool sends_ = true;
  bool done_ = false;
  bool failed_ = false;
};

}  // namespace modemedic::protocol
