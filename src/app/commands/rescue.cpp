#include "operation/rescue.h"

#include "app/backup_option.h"
#include "app/commands/commands.h"
#include "app/consent.h"
#include "app/data_directory.h"
#include "app/flash_view.h"
#include "app/flashing_options.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "app/origin.h"
#include "base/bytes.h"
#include "operation/emit_log.h"

#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using operation::PastJob;

/// A modem in a boot loop is away for as long as it boots.
constexpr Duration sight_patience = std::chrono::seconds(20);

struct RescueCommandOptions : FlashingOptions {
  bool flash = false;
};

/// The package to rescue with: the one on the command line, or the one of the job that was cut, when that is still the
/// same.
class Medicine {
public:
  Medicine(const GlobalOptions& global, const RescueCommandOptions& options, Output& output,
           const std::stop_token& stop)
      : global_(global), options_(options), output_(output), stop_(stop) {}

  /// Reads the package of the command line, if there is one: before anything is sent to a modem.
  Result<void> prepare() {
    if (!options_.package.path.empty()) {
      TRY_ASSIGN(auto planned, plan_package_option(options_.package, output_, stop_));
      TRY(show_origin(global_, planned.package, output_, stop_));
      planned_.emplace(std::move(planned));
    }
    return {};
  }

  /// The modem of a rescue can't tell whose it is.
  Result<void> check_backup() {
    if (!planned_) {
      return fail(Code::usage).what("--backup without a package").hint("modemedic rescue PACKAGE --backup FILE");
    }
    TRY(read_backup_option(options_.backup, planned_->package, output_, stop_));
    return {};
  }

  Result<std::optional<operation::Cure>> cure(const PastJob* job) {
    if (!planned_ && job != nullptr && !job->package.empty() && job->journal != looked_at_) {
      looked_at_ = job->journal;
      TRY(take_from(*job));
    }
    return planned_ ? std::optional(operation::Cure{&planned_->package, &planned_->plan, options_.method})
                    : std::nullopt;
  }

private:
  Result<void> take_from(const PastJob& job) {
    auto wanted = options_.package;
    wanted.path = job.package;
    auto planned = plan_package_option(wanted, output_, stop_);
    auto name = printable(job.package);
    if (!planned) {
      warn(output_, fmt::format("the job of {} was of package {}, which can't be used: {}", printable(job.time), name,
                                planned.error().what));
    } else if (plan::digest_of(planned->plan.plan(), planned->package) != job.plan) {
      warn(output_, fmt::format("the job of {} was of package {}, which is not what it was then: give the right one",
                                printable(job.time), name));
    } else {
      operation::emit_info(
          output_, fmt::format("the job of {} was of package {}, which is still the same", printable(job.time), name));
      TRY(show_origin(global_, planned->package, output_, stop_));
      planned_.emplace(std::move(*planned));
    }
    return {};
  }

  const GlobalOptions& global_;
  const RescueCommandOptions& options_;
  Output& output_;
  const std::stop_token& stop_;
  std::optional<PlannedPackage> planned_;
  std::string looked_at_;  ///< journal whose package was read, or could not be
};

void show(const operation::RescueReport& report, Output& output) {
  auto tried = Json::array();
  for (const auto& attempt : report.tried) {
    tried.push_back({{"remedy", attempt.remedy}, {"outcome", attempt.outcome}});
  }
  output.verdict_field("tried", tried);
  output.verdict_field("port", report.modem.device.port);
  if (report.flash) {
    show_report(*report.flash, output);
    return;
  }
  output.verdict_field("revision", report.after.revision);
  output.verdict_field("imei", report.after.imei);
  auto runs = fmt::format("port {} runs {}, IMEI {}, proven by AT", printable(report.modem.device.port),
                          printable(report.after.revision), printable(report.after.imei));
  output.line(report.tried.empty() ? fmt::format("nothing to rescue: {}; nothing was changed", runs)
                                   : fmt::format("rescued: {}", runs));
  for (const auto& attempt : report.tried) {
    output.line(fmt::format("  {}: {}", printable(attempt.remedy), printable(attempt.outcome)));
  }
}

Result<void> rescue(const GlobalOptions& global, const RescueCommandOptions& options, Output& output,
                    const std::stop_token& stop) {
  Medicine medicine(global, options, output, stop);
  TRY(medicine.prepare());
  if (!options.backup.empty()) {
    TRY(medicine.check_backup());
  }
  if (options.flash && options.package.path.empty()) {
    return fail(Code::usage).what("--flash without a package").hint("modemedic rescue --flash PACKAGE");
  }
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, output);
  TRY_ASSIGN(auto modem, operation::await_modem(*bus, global.modem, sight_patience, output, &records, stop));
  operation::FolderJournals journals(data_directory(global.data) / "journal");
  operation::RescueOptions how;
  how.gate = gate_options(options, records);
  how.flash = flash_options(global, options, journals, output);
  how.gentle = !options.flash;
  how.cure = [&](const PastJob* job) { return medicine.cure(job); };
  how.consent = [&](const auto& found, const auto& package) { return ask_consent(options.yes, found, package, stop); };
  TRY_ASSIGN(auto report, operation::rescue(*bus, modem, how, output, stop));
  show(report, output);
  return {};
}

}  // namespace

void add_rescue(Grammar& grammar) {
  auto options = std::make_shared<RescueCommandOptions>();
  auto& command = grammar.command(
      "rescue", "bring back a modem that is stuck, and go on with a flash that was cut",
      "modemedic rescue EG25GGBR07A08M2G_30.006.30.006.zip --yes",
      [&grammar, options](Output& output, auto& stop) { return rescue(grammar.global(), *options, output, stop); });
  add_package_options(command, options->package, PackageNeed::optional);
  command.add_flag("--flash", options->flash, "flash it at once, without trying what is gentler");
  add_flashing_options(command, *options);
}

}  // namespace modemedic::app
