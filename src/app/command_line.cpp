#include "app/command_line.h"

#include "app/commands/commands.h"
#include "app/grammar.h"
#include "app/interrupt.h"
#include "base/clock.h"

#include <algorithm>
#include <exception>
#include <vector>

#include <CLI/CLI.hpp>

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

int usage_error(const Grammar& grammar, const std::string& what, const std::vector<std::string>& arguments) {
  auto options = grammar.global().output;
  options.json = options.json || std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  SteadyClock clock;
  Output output(options, clock);
  return output.finish(fail(Code::usage).what(what).hint("modemedic --help, or modemedic COMMAND --help"));
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
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return usage_error(grammar, error.what(), std::vector<std::string>(argv, argv + argc));
  }
  SteadyClock clock;
  Output output(grammar.global().output, clock);
  Interrupt interrupt;
  interrupt.think_twice([&output] { return output.abort_leaves(); });
  try {
    return output.finish(grammar.chosen()(output, interrupt.token()));
  } catch (const std::exception& error) {  // a library's: ours fail with a Result
    return output.finish(fail(Code::bug).what(error.what()).hint("please report this, with the command you ran"));
  }
}

}  // namespace modemedic::app
