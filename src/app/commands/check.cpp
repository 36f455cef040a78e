#include "app/commands/commands.h"
#include "app/judgement_view.h"
#include "app/origin.h"
#include "app/package_option.h"
#include "app/package_view.h"
#include "app/patient.h"
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
  PatientOptions patient;
};

Result<void> check(const GlobalOptions& global, const CheckOptions& options, Output& output,
                   const std::stop_token& stop) {
  TRY_ASSIGN(auto package, read_package_option(options.package, output, stop));
  output.line(fmt::format("package  {} ({}, {})", package.revision ? printable(package.revision->text) : "unknown",
                          package.chip.empty() ? "no known chip" : printable(package.chip),
                          package.geometry.page_size == 0 ? "its NAND is not told" : describe(package.geometry)));
  TRY(show_origin(global, package, output, stop));
  TRY_ASSIGN(auto patient, look_at_patient(global, options.patient, output));
  TRY_ASSIGN(auto judgement, operation::judge_package(patient.facts, package, patient.faults));
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
  add_patient_options(command, options->patient);
}

}  // namespace modemedic::app
