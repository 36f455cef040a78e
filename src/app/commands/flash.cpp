#include "operation/flash.h"

#include "app/commands/commands.h"
#include "app/flash_view.h"
#include "app/open_bus.h"
#include "app/package_option.h"
#include "base/bytes.h"

#include <cstdio>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace modemedic::app {

namespace {

/// Asks the person at the terminal; a script must have said --yes.
Result<void> confirm(const FlashCommandOptions& options, const operation::Found& modem,
                     const firmware::Package& package) {
  if (options.yes) {
    return {};
  }
  auto question = fmt::format("write {} onto the modem at port {}?",
                              package.revision ? printable(package.revision->text) : "this package", modem.device.port);
  if (isatty(STDIN_FILENO) == 0) {
    return fail(Code::usage).what("nobody is there to answer: " + question).hint("add --yes");
  }
  fmt::print(stderr, "{} It takes about two minutes; don't unplug it. [y/N] ", question);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "Y" && answer != "yes") {
    return fail(Code::interrupted).what("not confirmed").hint("nothing was sent to the modem");
  }
  return {};
}

}  // namespace

Result<void> flash(const GlobalOptions& global, const FlashCommandOptions& options, Output& output,
                   std::stop_token stop) {
  TRY_ASSIGN(auto planned, plan_package_option(options.package, output));
  const auto& [package, proven] = planned;
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global.bus, clock));
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, output));
  TRY(confirm(options, modem, package));
  operation::FlashOptions flash_options;
  flash_options.overrides.insert(options.overrides.begin(), options.overrides.end());
  TRY_ASSIGN(auto report, operation::flash(*bus, modem, package, proven, flash_options, output, std::move(stop)));
  show_report(report, output);
  return {};
}

}  // namespace modemedic::app
