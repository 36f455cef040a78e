#include "operation/at_talk.h"

#include "knowledge/at_advice.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::operation {

namespace {

constexpr std::size_t longest_command = 1000;

bool begins_with_at(const std::string& command) {
  auto is = [&](std::size_t i, char capital) { return command[i] == capital || command[i] == capital + ('a' - 'A'); };
  return command.size() >= 2 && is(0, 'A') && is(1, 'T');
}

}  // namespace

Result<void> check_at_command(const std::string& command) {
  if (!begins_with_at(command)) {
    return fail(Code::usage)
        .what(fmt::format("\"{}\" is no AT command", printable(command)))
        .hint("commands begin with AT: modemedic at ATI 'AT+QGMR'");
  }
  auto control = std::ranges::any_of(command, [](unsigned char c) { return c < ' ' || c == 0x7f; });
  if (control || command.size() > longest_command) {
    return fail(Code::usage)
        .what(fmt::format("\"{}\" is no single line of at most {} characters", printable(command, 60), longest_command))
        .hint("give each command as a word of its own");
  }
  if (const auto* advice = knowledge::find_at_advice(command); advice != nullptr && advice->refused) {
    return fail(Code::refused)
        .rule(advice->id)
        .what(fmt::format("{} is not sent: {}", printable(command), advice->because))
        .hint(advice->next + "; nothing was sent");
  }
  return {};
}

Result<AtExchange> exchange(AtPort& port, const std::string& command, Duration patience) {
  TRY(check_at_command(command));
  const auto* advice = knowledge::find_at_advice(command);
  AtExchange talk{.command = command, .answer = {}};
  auto answer = port.tell_within(command, patience);
  if (!answer) {
    auto silent = answer.error().code == Code::timeout || answer.error().code == Code::modem_lost;
    if (!silent || advice == nullptr || !advice->leaves) {
      return fail(std::move(answer.error()));
    }
    talk.left = true;
    return talk;
  }
  talk.answer = std::move(*answer);
  if (talk.answer.final.starts_with("CONNECT")) {
    TRY(port.leave_data_mode());
    return fail(Code::device_refused)
        .what(fmt::format("{} went into data mode, which modemedic at does not speak", printable(command)))
        .hint("it was told to come back (+++); ATH hangs up");
  }
  if (talk.answer.ok() && advice != nullptr && !advice->awaits.empty()) {
    TRY_ASSIGN(talk.finished, port.listen_for(advice->awaits, patience));
  }
  return talk;
}

}  // namespace modemedic::operation
