#include "operation/flash.h"

#include "app/backup_option.h"
#include "app/commands/commands.h"
#include "app/consent.h"
#include "app/data_directory.h"
#include "app/flash_view.h"
#include "app/flashing_options.h"
#include "app/latest.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "app/origin.h"
#include "operation/choose_method.h"
#include "operation/emit_log.h"

#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace modemedic::app {

namespace {

struct FlashCommandOptions : FlashingOptions {
  bool latest = false;
};

/// The package to flash; nothing when the modem runs the newest that it may have.
Result<std::optional<PlannedPackage>> choose_package(const GlobalOptions& global, const FlashCommandOptions& options,
                                                     Output& output, const std::stop_token& stop) {
  if (options.latest == !options.package.path.empty()) {
    return fail(Code::usage)
        .what(options.latest ? "PACKAGE and --latest: which one?" : "which package?")
        .hint("name a package, or --latest for the newest of your catalogue that the modem may take");
  }
  if (!options.latest) {
    TRY_ASSIGN(auto planned, plan_package_option(options.package, output, stop, options.method));
    return planned;
  }
  TRY_ASSIGN(auto latest, read_latest(global, output, stop));
  if (!latest) {
    return std::nullopt;
  }
  TRY_ASSIGN(auto planned, plan_package(std::move(*latest)));
  return planned;
}

/// Lets it in by the gentlest method that its state leaves; once more, if only then it shows that AT is silent.
Result<operation::Admission> admit_by_method(usb::Bus& bus, const operation::Found& modem,
                                             const firmware::Package& package, std::optional<plan::Method> asked,
                                             operation::GateOptions gate, Output& output) {
  auto chosen = operation::choose_method(modem, package, asked);
  gate.method = chosen.method;
  auto admission = operation::admit(bus, modem, package, gate, output);
  if (admission && !admission->told()) {
    auto other = operation::choose_method(modem, package, asked, operation::At::silent);
    if (other.method != chosen.method) {
      chosen = other;
      gate.method = other.method;
      admission = fail(Code::bug);  // lets go of the modem
      admission = operation::admit(bus, modem, package, gate, output);
    }
  }
  operation::emit_info(output, fmt::format("by {}: {}", plan::name(chosen.method), chosen.reason));
  return admission;
}

Result<void> flash(const GlobalOptions& global, const FlashCommandOptions& options, Output& output,
                   std::stop_token stop) {
  TRY_ASSIGN(auto planned, choose_package(global, options, output, stop));
  if (!planned) {
    return {};
  }
  TRY(show_origin(global, planned->package, output, stop));
  TRY_ASSIGN(auto backup, read_backup_option(options.backup, planned->package, output, stop));
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, output);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, output, &records));
  const auto& package = planned->package;
  TRY_ASSIGN(auto admission,
             admit_by_method(*bus, modem, package, options.method, gate_options(options, records), output));
  TRY(check_whose_backup(backup, admission));
  TRY_ASSIGN(auto proven, operation::plan_for(package, planned->plan, admission.method()));
  TRY(ask_consent(options.yes, modem, package, stop));
  operation::FolderJournals journals(data_directory(global.data) / "journal");
  auto how = flash_options(global, options, journals, output);
  TRY_ASSIGN(auto report, operation::flash(*bus, std::move(admission), proven, how, output, std::move(stop)));
  show_report(report, output);
  return {};
}

}  // namespace

void add_flash(Grammar& grammar) {
  auto options = std::make_shared<FlashCommandOptions>();
  auto& command = grammar.command(
      "flash", "put a package onto a modem and let the modem prove it",
      "modemedic --bus usbip:127.0.0.1 flash EG25GGBR07A08M2G_30.006.30.006.zip --yes",
      [&grammar, options](Output& output, auto& stop) { return flash(grammar.global(), *options, output, stop); });
  add_package_options(command, options->package, PackageNeed::optional);
  command.add_flag("--latest", options->latest, "the newest package of the catalogue that the modem may take");
  add_flashing_options(command, *options);
}

}  // namespace modemedic::app
