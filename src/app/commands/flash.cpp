#include "operation/flash.h"

#include "app/commands/commands.h"
#include "app/consent.h"
#include "app/data_directory.h"
#include "app/flash_view.h"
#include "app/latest.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "app/origin.h"
#include "app/package_option.h"
#include "app/verify_option.h"
#include "base/bytes.h"
#include "operation/choose_method.h"
#include "operation/emit_log.h"

#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace modemedic::app {

namespace {

struct FlashCommandOptions {
  PackageOptions package;
  bool yes = false;
  bool anew = false;
  operation::Verify verify = operation::Verify::boot;
  bool latest = false;
  std::vector<std::string> overrides;
  std::optional<plan::Method> method;
  std::string backup;  ///< of this modem's IMEI and calibration; empty: there is none
};

/// What the person calls a backup is there, and not empty. Whether it is one of this modem nobody can tell.
Result<void> check_backup(const std::string& path) {
  std::error_code error;
  if (path.empty() || std::filesystem::is_directory(path, error)) {
    return {};
  }
  auto size = std::filesystem::file_size(path, error);
  if (error || size == 0) {
    return fail(Code::usage)
        .what(fmt::format("--backup {}: {}", printable(path, 300), error ? "there is no such file" : "it is empty"))
        .hint("nothing was sent to the modem");
  }
  return {};
}

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

Result<void> flash(const GlobalOptions& global, const FlashCommandOptions& options, Output& output,
                   std::stop_token stop) {
  TRY_ASSIGN(auto planned, choose_package(global, options, output, stop));
  if (!planned) {
    return {};
  }
  TRY(show_origin(global, planned->package, output, stop));
  TRY(check_backup(options.backup));
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, output);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, output, &records));
  auto chosen = operation::choose_method(modem, planned->package, options.method);
  if (chosen.method != planned->plan.plan().method) {
    TRY_ASSIGN(planned, plan_package(std::move(planned->package), chosen.method));
  }
  const auto& [package, proven] = *planned;
  operation::emit_info(output, fmt::format("by {}: {}", plan::name(chosen.method), chosen.reason));
  operation::GateOptions gate;
  gate.records = &records;
  gate.method = chosen.method;
  gate.backup_at_hand = !options.backup.empty();
  gate.overrides.insert(options.overrides.begin(), options.overrides.end());
  TRY_ASSIGN(auto admission, operation::admit(*bus, modem, package, gate, output));
  TRY(ask_consent(options.yes, modem, package));
  operation::FlashOptions flash_options;
  operation::FolderJournals journals(data_directory(global.data) / "journal");
  flash_options.journals = &journals;
  flash_options.time = utc_now();
  flash_options.anew = options.anew;
  flash_options.verify = options.verify;
  TRY_ASSIGN(auto report, operation::flash(*bus, std::move(admission), proven, flash_options, output, std::move(stop)));
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
  command.add_flag("--yes", options->yes, "don't ask before the point of no return");
  command.add_flag("--anew", options->anew, "write everything again, also what an earlier job that was cut has left");
  add_verify_option(command, options->verify);
  add_method_option(command, options->method);
  command.add_option("--backup", options->backup,
                     "where this modem's backup is: what the rule efs asks for before it can be lifted");
  command.add_option("--override", options->overrides, "lift this rule, where it can be lifted (repeatable)");
}

}  // namespace modemedic::app
