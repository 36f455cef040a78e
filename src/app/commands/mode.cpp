#include "app/commands/commands.h"
#include "app/modem_view.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "base/bytes.h"
#include "operation/change_mode.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using operation::Target;

/// What a person does from there.
std::string_view next_from(Target target) {
  switch (target) {
    case Target::normal:
      return "it runs: modemedic doctor looks whether it is well";
    case Target::edl:
      return "modemedic flash PACKAGE flashes it from here; modemedic mode normal brings it back";
    case Target::fastboot:
      return "modemedic mode normal brings it back, and so does a power cycle";
    case Target::download:
      return "modemedic mode normal brings it back, and so does a power cycle";
  }
  return "";
}

Result<void> mode(const GlobalOptions& global, const std::string& wanted, Output& output, const std::stop_token& stop) {
  auto target = operation::parse_target(wanted);
  if (!target) {
    return fail(Code::usage)
        .what(fmt::format("there is no mode {}", printable(wanted)))
        .hint("normal, edl, fastboot or download");
  }
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, output);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, output, &records));
  TRY_ASSIGN(auto change, operation::change_mode(*bus, modem, *target, {&records, utc_now()}, output, stop));
  Listed arrived{change.modem, change.after, records.known_before(change.modem.device, change.after.identity)};
  output.object("modem", to_json(arrived));
  output.verdict_field("mode", wanted);
  output.verdict_field("changed", change.changed);
  output.verdict_field("answered", change.after.by);
  output.line(fmt::format("port {} {} in {}, proven: {} answers", printable(change.modem.device.port),
                          change.changed ? "is now" : "was already", wanted, change.after.by));
  output.line(fmt::format("  next: {}", next_from(*target)));
  return {};
}

}  // namespace

void add_mode(Grammar& grammar) {
  auto wanted = std::make_shared<std::string>();
  auto& command = grammar.command(
      "mode", "bring a modem to normal, edl, fastboot or download, and see that it is there", "modemedic mode edl",
      [&grammar, wanted](Output& output, auto& stop) { return mode(grammar.global(), *wanted, output, stop); });
  command.add_option("MODE", *wanted, "normal, edl, fastboot, download")->required();
}

}  // namespace modemedic::app
