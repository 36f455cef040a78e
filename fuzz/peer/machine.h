#pragma once

#include "fuzz_target.h"
#include "peer/input.h"
#include "protocol/action.h"

#include <functional>
#include <variant>

namespace modemedic::fuzz {

/// Drives a machine that knows only Send, Await, Done and Failed (and what `more` takes) against `speak`, until it
/// ends. When the input is at its end, the peer says its last words again and again; it is silent when there are none.
template <class Machine, class More>
void drive(Machine& machine, Input& input, const std::function<void(ByteView)>& sent,
           const std::function<std::optional<Buffer>()>& speak, const More& more) {
  std::optional<Buffer> last;
  for (std::size_t steps = 0;; ++steps) {
    must(steps < 1'000'000, "a talk ends");
    auto action = machine.next();
    if (auto* send = std::get_if<protocol::Send>(&action)) {
      sent(send->bytes);
    } else if (std::holds_alternative<protocol::Done>(action)) {
      return;
    } else if (auto* failed = std::get_if<protocol::Failed>(&action)) {
      must_be_told(failed->error);
      must(!failed->error.what.empty() && !failed->error.hint.empty(), "an error says what to do");
      must(failed->error.code != Code::bug, "no peer makes a bug of ours");
      return;
    } else if (std::holds_alternative<protocol::Await>(action)) {
      if (!input.empty()) {
        last = speak();
      } else if (!input.babbles()) {
        last.reset();
      }
      if (last) {
        machine.feed(*last);
      } else {
        machine.timed_out();
      }
    } else {
      more(action);
    }
  }
}

}  // namespace modemedic::fuzz
