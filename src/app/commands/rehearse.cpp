#include "app/commands/commands.h"
#include "app/data_directory.h"
#include "app/flash_view.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "app/origin.h"
#include "app/package_option.h"
#include "app/revision_option.h"
#include "base/bytes.h"
#include "operation/dry_run.h"
#include "operation/flash.h"
#include "rehearsal/life.h"
#include "virtual/generator.h"
#include "virtual/in_process_bus.h"
#include "virtual/modem.h"
#include "virtual/persona.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

struct RehearseOptions {
  PackageOptions package;
  std::string persona;     ///< empty: the one whose NAND the package is for
  std::string revision;    ///< what the twin runs before; empty: one release older than the package
  std::uint64_t cuts = 0;  ///< how many flashes in which something goes wrong; 0: one in which nothing does
  std::uint64_t seed = 1;
  bool on_device = false;  ///< on the real modem, with nothing written
  std::vector<std::string> overrides;
};

using namespace std::chrono_literals;

Result<twin::Persona> choose_persona(const std::string& id, const firmware::Package& package) {
  if (!id.empty()) {
    return twin::find_persona(id);
  }
  TRY_ASSIGN(auto all, twin::personas());
  auto fits = [&](const twin::Persona& persona) {
    return persona.chip == package.chip && (package.kind == firmware::PackageKind::streaming ||  // says nothing of it
                                            persona.geometry.same_cells(package.geometry));
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

void show_life(const rehearsal::Life& life, Output& output) {
  auto attempts = Json::array();
  for (std::size_t i = 0; i < life.attempts.size(); ++i) {
    const auto& attempt = life.attempts[i];
    auto seconds = std::chrono::duration<double>(attempt.took).count();
    attempts.push_back({{"command", attempt.command},
                        {"mishap", attempt.mishap},
                        {"result", attempt.result},
                        {"left", attempt.left},
                        {"seconds", seconds}});
    auto done = attempt.result == rehearsal::done_and_proven || attempt.result == rehearsal::as_before;
    output.line(fmt::format("{:>10}  {:<14}  {:<34} {:>6.1f} s  {}", i == 0 ? std::to_string(life.seed) : "",
                            attempt.command, attempt.mishap.empty() ? "nothing goes wrong" : attempt.mishap, seconds,
                            printable(done ? attempt.result : attempt.left + ": " + attempt.result)));
  }
  for (const auto& promise : life.broken) {
    output.line(fmt::format("{:>10}  BROKEN PROMISE: {}", "", printable(promise, 400)));
  }
  output.object("life", {{"seed", life.seed}, {"end", life.end}, {"attempts", attempts}, {"broken", life.broken}});
}

/// The same flash many times over, each time with other things going wrong.
Result<void> rehearse_cuts(const RehearseOptions& options, const rehearsal::Scene& scene, Output& output,
                           const std::stop_token& stop) {
  TRY_ASSIGN(auto size, rehearsal::measure(scene));
  output.line(fmt::format("{:>10}  {:<14}  {:<34} {:>8}  {}", "SEED", "COMMAND", "WHAT GOES WRONG", "TOOK",
                          "WHAT COMES OF IT"));
  std::uint64_t broken = 0;
  std::map<std::string, std::uint64_t> ends;
  for (std::uint64_t i = 0; i < options.cuts; ++i) {
    if (stop.stop_requested()) {
      return fail(Code::interrupted).what(fmt::format("stopped after {} of {} lives", i, options.cuts));
    }
    auto life = rehearsal::live(scene, options.seed + i, size);
    ++ends[life.end];
    broken += std::uint64_t{life.broken.empty() ? 0U : 1U};
    show_life(life, output);
  }
  output.verdict_field("lives", options.cuts);
  output.verdict_field("broken", broken);
  output.verdict_field("ends", ends);
  if (broken > 0) {
    return fail(Code::not_proven)
        .what(fmt::format("{} of {} lives broke a promise", broken, options.cuts))
        .hint("any of them repeats with --cuts 1 --seed and the number in its first column; please report it");
  }
  std::vector<std::string> words;
  for (const auto& [end, count] : ends) {
    words.push_back(fmt::format("{} {}", count, end));
  }
  output.line(fmt::format("\n{} lives of a virtual {}: {}; each with its own IMEI and calibration", options.cuts,
                          scene.persona.product, fmt::join(words, ", ")));
  return {};
}

/// What only the flash of a real modem does.
void tell_of_backup(const firmware::Package& package, Output& output) {
  auto saves = operation::told_to_save(package.table, package.geometry);
  if (saves.empty() || package.kind != firmware::PackageKind::firehose) {
    return;
  }
  output.verdict_field("saves", Json(saves));
  output.line(fmt::format("  a flash saves {}, before its first erase", saves));
}

/// On the modem in sight: everything but writing.
Result<void> rehearse_on_device(const GlobalOptions& global, const RehearseOptions& options,
                                const PlannedPackage& planned, Output& output, std::stop_token stop) {
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, output);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, output, &records));
  operation::GateOptions gate;
  gate.records = &records;
  gate.overrides.insert(options.overrides.begin(), options.overrides.end());
  TRY_ASSIGN(auto admission, operation::admit(*bus, modem, planned.package, gate, output));
  operation::FolderJournals journals(data_directory(global.data) / "journal");
  TRY_ASSIGN(auto report, operation::dry_run(*bus, std::move(admission), planned.plan, {&journals, utc_now()}, output,
                                             std::move(stop)));
  auto seconds = std::chrono::duration<double>(report.data_time).count();
  auto rate = static_cast<double>(report.bytes_sent) / 1e6 / std::max(seconds, 1e-9);
  output.verdict_field("bytes", report.bytes_sent);
  output.verdict_field("data_seconds", seconds);
  output.verdict_field("probe", report.probe.n);
  output.verdict_field("bad_blocks", report.storage.bad_blocks);
  output.verdict_field("revision", report.after.revision);
  output.line(fmt::format("rehearsed on the modem: {} sent at {:.1f} MB/s, nothing written, nothing erased",
                          human_size(report.bytes_sent), rate));
  output.line(fmt::format("  sector {} was blank, was programmed, and is blank still: the programmer skips writes",
                          report.probe.n));
  output.line(report.after.revision.empty()
                  ? "  the modem was reset, and is as it was found"
                  : fmt::format("  it runs {} again, as before", printable(report.after.revision)));
  tell_of_backup(planned.package, output);
  return {};
}

Result<void> rehearse(const GlobalOptions& global, const RehearseOptions& options, Output& output,
                      std::stop_token stop) {
  if (options.on_device && (options.cuts > 0 || !options.persona.empty() || !options.revision.empty())) {
    return fail(Code::usage).what("--on-device is the real modem").hint("leave out --cuts, --persona and --revision");
  }
  TRY_ASSIGN(auto planned, plan_package_option(options.package, output, stop));
  TRY(show_origin(global, planned.package, output, stop));
  if (options.on_device) {
    return rehearse_on_device(global, options, planned, output, std::move(stop));
  }
  const auto& [package, proven] = planned;
  TRY_ASSIGN(auto persona, choose_persona(options.persona, package));
  TRY_ASSIGN(auto before, revision_before(options.revision, package));
  if (options.cuts > 0) {
    return rehearse_cuts(options, {persona, package, proven, before}, output, stop);
  }

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
  operation::GateOptions gate;
  gate.method = proven.plan().method;
  TRY_ASSIGN(auto admission, operation::admit(bus, found, package, gate, output));
  TRY_ASSIGN(auto report, operation::flash(bus, std::move(admission), proven, {}, output, std::move(stop)));
  output.line(fmt::format("rehearsed on a virtual {} (times are the modem's, simulated):", persona.product));
  show_report(report, output);
  tell_of_backup(package, output);
  return {};
}

}  // namespace

void add_rehearse(Grammar& grammar) {
  auto options = std::make_shared<RehearseOptions>();
  auto& command = grammar.command(
      "rehearse", "flash the package onto a virtual twin, or go through it on the modem with nothing written",
      "modemedic rehearse EG25GGBR07A08M2G_30.006.30.006.zip",
      [&grammar, options](Output& output, auto& stop) { return rehearse(grammar.global(), *options, output, stop); });
  add_package_options(command, options->package);
  command.add_option("--persona", options->persona, "the twin; default: the one the package's NAND fits");
  command.add_option("--revision", options->revision, "what the twin runs before");
  command.add_option("--cuts", options->cuts, "flash it so often, each time with power cuts and worse on the way");
  command.add_option("--seed", options->seed, "what goes wrong follows from it; the next life has the next seed")
      ->capture_default_str();
  command.add_flag("--on-device", options->on_device,
                   "on the modem in sight: EDL, programmer, every image at full speed, but nothing written or erased");
  command.add_option("--override", options->overrides, "on the modem: lift this rule, where it can be lifted");
}

}  // namespace modemedic::app
