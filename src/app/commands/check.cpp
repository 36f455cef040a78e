#include "app/commands/commands.h"
#include "app/judgement_view.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "app/package_option.h"
#include "app/package_view.h"
#include "app/revision_option.h"
#include "app/warnings_only.h"
#include "base/bytes.h"
#include "operation/gate.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

struct CheckOptions {
  PackageOptions package;
  std::string revision;  ///< of a modem that is not there; empty: the one in sight
  std::string geometry;
};

/// A modem that the person describes.
Result<knowledge::ModemFacts> described(const CheckOptions& options) {
  knowledge::ModemFacts modem;
  TRY_ASSIGN(modem.revision, revision_option(options.revision));
  if (!options.geometry.empty()) {
    modem.geometry = knowledge::parse_cells(options.geometry);
    if (!modem.geometry) {
      return fail(Code::usage)
          .what(fmt::format("{} is no page and block size", printable(options.geometry)))
          .hint("p2K_b128K or p4K_b256K, as the files of a package are named");
    }
  }
  return modem;
}

Result<knowledge::Judgement> judge_described(const CheckOptions& options, const firmware::Package& package,
                                             Output& output) {
  TRY_ASSIGN(auto modem, described(options));
  output.line(fmt::format("modem    {}, as you say", printable(modem.revision->text)));
  return operation::judge_package(modem, package);
}

std::string who(const operation::Found& modem, const operation::Examination& examination) {
  auto known = examination.identity && !examination.identity->revision.empty();
  return fmt::format("{} at port {} ({}{})", known ? printable(examination.identity->revision) : "unknown",
                     modem.device.port, name(modem.sighting.state),
                     known && !examination.told ? ", known by its chip's serial" : "");
}

Result<knowledge::Judgement> judge_in_sight(const GlobalOptions& global, const firmware::Package& package,
                                            Output& output) {
  SteadyClock clock;
  WarningsOnly warnings(output);
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, warnings);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, warnings, &records));
  TRY_ASSIGN(auto reservation, bus->reserve(modem.device, usb::Purpose::question, warnings));
  TRY_ASSIGN(auto examination, operation::examine(*bus, modem, package, &records, warnings));
  output.line(fmt::format("modem    {}", who(modem, examination)));
  if (!examination.guess.empty()) {
    output.line(fmt::format("         {}", printable(examination.guess, 400)));
  }
  return std::move(examination.judgement);
}

Result<void> check(const GlobalOptions& global, const CheckOptions& options, Output& output,
                   const std::stop_token& stop) {
  if (options.revision.empty() && !options.geometry.empty()) {
    return fail(Code::usage).what("--geometry goes with --revision").hint("the modem in sight knows its own chip");
  }
  TRY_ASSIGN(auto package, read_package_option(options.package, output, stop));
  output.line(fmt::format("package  {} ({}, {})", package.revision ? printable(package.revision->text) : "unknown",
                          package.chip.empty() ? "no known chip" : printable(package.chip),
                          describe(package.geometry)));
  auto judged =
      options.revision.empty() ? judge_in_sight(global, package, output) : judge_described(options, package, output);
  TRY_ASSIGN(auto judgement, std::move(judged));
  output.line("");
  show_judgement(judgement, output);
  EventRecorder told_already;
  TRY(operation::pass(judgement, {}, told_already));
  auto waits = [](const auto& spoken) { return spoken.answer == knowledge::Answer::later; };
  output.line(std::ranges::any_of(judgement.spoken, waits)
                  ? "\nthis modem may take it, unless the chip says otherwise before the first erase"
                  : "\nthis modem may take it");
  return {};
}

}  // namespace

void add_check(Grammar& grammar) {
  auto options = std::make_shared<CheckOptions>();
  auto& command = grammar.command(
      "check", "may this modem take this package? every rule that speaks, with its evidence",
      "modemedic check fw.zip --revision EC25EFAR06A17M4G_20.200.20.200 --geometry p4K_b256K",
      [&grammar, options](Output& output, auto& stop) { return check(grammar.global(), *options, output, stop); });
  add_package_options(command, options->package);
  command.add_option("--revision", options->revision, "of a modem that is not there: what AT+QGMR shows");
  command.add_option("--geometry", options->geometry, "its NAND: p2K_b128K or p4K_b256K");
}

}  // namespace modemedic::app
