#include "app/commands/commands.h"
#include "app/flash_view.h"
#include "app/package_option.h"
#include "app/revision_option.h"
#include "base/bytes.h"
#include "operation/flash.h"
#include "virtual/generator.h"
#include "virtual/in_process_bus.h"
#include "virtual/modem.h"
#include "virtual/persona.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace modemedic::app {

namespace {

struct RehearseOptions {
  PackageOptions package;
  std::string persona;   ///< empty: the one whose NAND the package is for
  std::string revision;  ///< what the twin runs before; empty: one release older than the package
};

using namespace std::chrono_literals;

Result<twin::Persona> choose_persona(const std::string& id, const firmware::Package& package) {
  if (!id.empty()) {
    return twin::find_persona(id);
  }
  TRY_ASSIGN(auto all, twin::personas());
  auto fits = [&](const twin::Persona& persona) {
    return persona.chip == package.chip && persona.geometry.same_cells(package.geometry);
  };
  auto same_model = [&](const twin::Persona& persona) {
    auto revision = firmware::parse_revision(persona.revision);
    return fits(persona) && revision && package.revision && revision->order_code == package.revision->order_code;
  };
  auto persona = std::find_if(all.begin(), all.end(), same_model);
  if (persona == all.end()) {
    persona = std::find_if(all.begin(), all.end(), fits);
  }
  if (persona == all.end()) {
    return fail(Code::refused)
        .what(fmt::format("no virtual modem has the package's chip ({}) and NAND", printable(package.chip)))
        .hint("`modemedic virtual personas` lists them; name one with --persona");
  }
  return *persona;
}

/// What the twin runs before: what the person said, or the release before the package's own.
Result<firmware::Revision> revision_before(const std::string& asked, const firmware::Package& package) {
  if (!asked.empty()) {
    return revision_option(asked);
  }
  if (!package.revision) {
    return fail(Code::refused)
        .what("the package doesn't say which revision it makes of a modem")
        .hint("say what the twin runs before with --revision")
        .rule("unknown");
  }
  auto older = *package.revision;
  older.release = older.release > 1 ? older.release - 1 : older.release;
  auto memory_and_tail = older.text.substr(older.text.find('A', older.order_code.size()) + 3);
  older.text = fmt::format("{}R{:02}A{:02}{}", older.order_code, older.baseline, older.release, memory_and_tail);
  return older;
}

Result<void> rehearse(const RehearseOptions& options, Output& output, std::stop_token stop) {
  TRY_ASSIGN(auto planned, plan_package_option(options.package, output));
  const auto& [package, proven] = planned;
  TRY_ASSIGN(auto persona, choose_persona(options.persona, package));
  TRY_ASSIGN(auto before, revision_before(options.revision, package));

  constexpr auto serial = "1badcafe";
  twin::SimulatedClock clock;
  twin::Timers timers(clock);
  auto nand = std::make_unique<twin::Nand>(persona.geometry);
  twin::mark_bad_blocks(*nand, persona, {});
  TRY(twin::provision(*nand, persona, before, serial, twin::Scale::small));
  twin::VirtualModem modem({persona, serial, true, {}}, std::move(nand), timers);
  twin::InProcessBus bus(clock, timers);
  bus.plug(modem, "1-1");
  modem.power_on();
  output.use_clock(clock);
  TRY(bus.wait_change(Deadline::in(clock, 2min)));
  TRY_ASSIGN(auto found, operation::find_modem(bus, "", output));
  auto report = operation::flash(bus, found, package, proven, {}, output, std::move(stop));
  if (!report) {
    return fail(std::move(report.error()));
  }
  output.line(fmt::format("rehearsed on a virtual {} (times are the modem's, simulated):", persona.product));
  show_report(*report, output);
  return {};
}

}  // namespace

void add_rehearse(Grammar& grammar) {
  auto options = std::make_shared<RehearseOptions>();
  auto& command = grammar.command("rehearse", "flash the package onto a virtual twin, on simulated time",
                                  "modemedic rehearse EG25GGBR07A08M2G_30.006.30.006.zip",
                                  [options](Output& output, auto& stop) { return rehearse(*options, output, stop); });
  add_package_options(command, options->package);
  command.add_option("--persona", options->persona, "the twin; default: the one the package's NAND fits");
  command.add_option("--revision", options->revision, "what the twin runs before");
}

}  // namespace modemedic::app
