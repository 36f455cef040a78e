#include "app/command_line.h"

#include "app/commands/commands.h"
#include "app/grammar.h"
#include "app/interrupt.h"
#include "app/terminal.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "operation/find_modem.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <numeric>
#include <sstream>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

namespace modemedic::app {

namespace {

/// In the order that --help shows them.
void add_commands(Grammar& grammar) {
  add_list(grammar);
  add_mode(grammar);
  add_at(grammar);
  add_gps(grammar);
  add_doctor(grammar);
  add_inspect(grammar);
  add_check(grammar);
  add_plan(grammar);
  add_flash(grammar);
  add_fastboot(grammar);
  add_rescue(grammar);
  add_rehearse(grammar);
  add_catalog(grammar);
  add_edl(grammar);
  add_backup(grammar);
  add_restore(grammar);
  auto& group = grammar.group("virtual", "virtual modems, and packages for them");
  add_virtual_serve(grammar, group);
  add_virtual_package(grammar, group);
  add_virtual_personas(grammar, group);
}

/// How many letters tell two words apart (Levenshtein).
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto change = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row[b.size()];
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App* /*any*/) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// A word that stands where a command of `app` should, and is none.
Error no_command(const CLI::App& app, const std::string& before, const std::string& word) {
  auto names = command_names(app);
  auto nearest = std::ranges::min_element(names, {}, [&](const auto& name) { return distance(word, name); });
  constexpr std::size_t typing_error = 2;
  auto meant = nearest != names.end() && distance(word, *nearest) <= typing_error
                   ? fmt::format("do you mean {} {}? ", before, *nearest)
                   : "";
  return fail(Code::usage)
      .what(fmt::format("there is no command {}", printable(word)))
      .hint(fmt::format("{}commands are {} ({} --help)", meant, fmt::join(names, ", "), before));
}

/// What was wrong with the command line, in our words where the library's tell too little.
Error explain(const CLI::App& app, const CLI::ParseError& error) {
  const auto* innermost = &app;
  std::string before = "modemedic";
  for (auto parsed = innermost->get_subcommands(); !parsed.empty(); parsed = innermost->get_subcommands()) {
    innermost = parsed.back();
    before += " " + innermost->get_name();
  }
  auto lacks_command = innermost->get_require_subcommand_min() > 0;
  auto rest = app.remaining();
  auto word = std::ranges::find_if(rest, [](const auto& text) { return !text.starts_with("-"); });
  if (lacks_command && word != rest.end()) {
    return no_command(*innermost, before, *word);
  }
  if (lacks_command && innermost == &app && rest.empty()) {
    return fail(Code::usage)
        .what("which command?")
        .hint(
            "modemedic doctor says what is wrong with a modem and what to do; modemedic list shows what is in sight; "
            "modemedic --help tells of the rest");
  }
  if (lacks_command && rest.empty()) {
    return fail(Code::usage)
        .what("which command?")
        .hint(fmt::format("{} {} ({} --help)", before, fmt::join(command_names(*innermost), "|"), before));
  }
  return fail(Code::usage).what(error.what()).hint(before + " --help");
}

int usage_error(const Grammar& grammar, Error error, const std::vector<std::string>& arguments) {
  auto options = grammar.global().output;
  options.json = options.json || std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  SteadyClock clock;
  Output output(options, clock);
  return output.finish(fail(std::move(error)));
}

/// --help and --version, as they fit the terminal.
int show(CLI::App& app, const CLI::Success& wanted) {
  std::ostringstream text;
  auto exit = app.exit(wanted, text, text);
  auto shown = wrap(text.str(), terminal_width(STDOUT_FILENO));
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  return exit;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app{"Diagnose, flash and rescue Quectel cellular modems without bricking them; rehearse it first.",
               "modemedic"};
  Grammar grammar(app);
  add_commands(grammar);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return show(app, wanted);
  } catch (const CLI::ParseError& error) {
    return usage_error(grammar, explain(app, error), std::vector<std::string>(argv, argv + argc));
  }
  if (auto selector = operation::check_selector(grammar.global().modem); !selector) {
    return usage_error(grammar, std::move(selector.error()), {});
  }
  SteadyClock clock;
  Output output(grammar.global().output, clock);
  Interrupt interrupt;
  interrupt.think_twice([&output] { return output.abort_leaves(); });
  try {
    auto result = grammar.chosen()(output, interrupt.token());
    if (!result && result.error().what.starts_with("no modem") && grammar.global().bus.starts_with("usbip")) {
      result.error().hint += "; over USB/IP a modem that another program holds is not shown";
    }
    return output.finish(result);
  } catch (const std::exception& error) {  // a library's: ours fail with a Result
    return output.finish(fail(Code::bug).what(error.what()).hint("please report this, with the command you ran"));
  }
}

}  // namespace modemedic::app
