#include "app/commands/commands.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "base/bytes.h"
#include "knowledge/at_advice.h"
#include "operation/at_talk.h"
#include "operation/emit_log.h"
#include "operation/find_modem.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using namespace std::chrono_literals;
using operation::AtExchange;

struct AtOptions {
  std::vector<std::string> commands;
  double deadline = 10;  ///< seconds, of each answer
};

constexpr double longest_deadline = 3600;
constexpr std::size_t longest_line = 4096;

const knowledge::AtAdvice* advice_for(const std::string& command) {
  return knowledge::find_at_advice(command);
}

/// A modem that may leave must be nobody else's meanwhile.
usb::Purpose purpose_of(const std::vector<std::string>& commands) {
  auto leaves = std::ranges::any_of(commands, [](const std::string& command) {
    const auto* advice = advice_for(command);
    return advice != nullptr && advice->leaves;
  });
  return leaves ? usb::Purpose::job : usb::Purpose::question;
}

void warn_of(const std::string& command, Output& output) {
  if (const auto* advice = advice_for(command)) {
    warn(output, fmt::format("{}: {}", command, advice->because));
  }
}

void show(const AtExchange& talk, Output& output) {
  const auto& answer = talk.answer;
  output.object("at", {{"command", talk.command},
                       {"lines", answer.lines},
                       {"final", answer.final},
                       {"unsolicited", answer.unsolicited},
                       {"left", talk.left}});
  for (const auto& line : answer.unsolicited) {
    operation::emit_info(output, "unasked: " + line);
  }
  for (const auto& line : answer.lines) {
    output.line(printable(line, longest_line));
  }
  output.line(talk.left ? "(no answer)" : printable(answer.final, longest_line));
}

void show_next(const AtExchange& talk, Output& output) {
  const auto* advice = advice_for(talk.command);
  if (advice == nullptr || (!talk.left && !talk.answer.ok())) {
    return;
  }
  auto done = talk.finished ? advice->awaits + ". " : "";
  operation::emit_info(output, done + "next: " + advice->next);
}

Result<void> refusal(const AtExchange& talk) {
  if (talk.left || talk.answer.ok()) {
    return {};
  }
  return fail(Code::device_refused)
      .what(fmt::format("the modem answered {} with {}", printable(talk.command), printable(talk.answer.final)))
      .hint("what comes after it was not sent");
}

Result<void> at(const GlobalOptions& global, const AtOptions& options, Output& output, const std::stop_token& stop) {
  for (const auto& command : options.commands) {
    TRY(operation::check_at_command(command));  // before anything is sent
  }
  if (!(options.deadline > 0 && options.deadline <= longest_deadline)) {
    return fail(Code::usage).what("--deadline is a number of seconds up to 3600");
  }
  auto patience = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.deadline));
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, output);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, output, &records));
  TRY_ASSIGN(auto reservation, bus->reserve(modem.device, purpose_of(options.commands), output));
  TRY_ASSIGN(auto port, operation::AtPort::open(*bus, modem.device, Deadline::in(clock, patience)));
  for (const auto& command : options.commands) {
    if (stop.stop_requested()) {
      return fail(Code::interrupted).what("stopped before " + printable(command)).hint("it was not sent");
    }
    warn_of(command, output);
    TRY_ASSIGN(auto talk, operation::exchange(port, command, patience));
    show(talk, output);
    TRY(refusal(talk));
    show_next(talk, output);
    if (talk.left && &command != &options.commands.back()) {
      return fail(Code::modem_lost)
          .what(fmt::format("the modem left after {}", printable(command)))
          .hint("what comes after it was not sent");
    }
  }
  return {};
}

}  // namespace

void add_at(Grammar& grammar) {
  auto options = std::make_shared<AtOptions>();
  auto& command = grammar.command(
      "at", "send AT commands to a modem that runs, and show its answers", "modemedic at ATI 'AT+QGMR' --deadline 30",
      [&grammar, options](Output& output, auto& stop) { return at(grammar.global(), *options, output, stop); });
  command.add_option("COMMAND", options->commands, "one or more, each a word of its own: 'AT+CPIN?'")->required();
  command.add_option("--deadline", options->deadline, "seconds that each answer may take")->capture_default_str();
}

}  // namespace modemedic::app
