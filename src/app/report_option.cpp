#include "app/report_option.h"

#include "app/data_directory.h"
#include "app/open_records.h"
#include "base/bytes.h"

#include <cstdlib>
#include <filesystem>
#include <iterator>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

operation::Mask mask_for(const ReportOptions& options, const Listed& modem) {
  if (options.unmasked) {
    return operation::Mask::off();
  }
  operation::Mask mask;
  operation::hide_identity(modem.asked.identity, mask);
  if (modem.known) {
    operation::hide_identity(modem.known->record.identity(), mask);
  }
  for (const auto* name : {"USER", "LOGNAME", "SUDO_USER"}) {
    const auto* value = std::getenv(name);
    mask.hide_user(value == nullptr ? "" : value);
  }
  if (const auto* home = std::getenv("HOME")) {
    mask.hide_user(std::filesystem::path(home).filename().string());
  }
  return mask;
}

}  // namespace

void add_report_options(CLI::App& command, ReportOptions& options) {
  command.add_option("--report", options.path, "write a zip to send to a vendor or a forum; IMEI and ICCID are masked");
  command.add_flag("--unmasked", options.unmasked, "leave the numbers of module and SIM in the report");
}

Result<void> write_report_option(const ReportOptions& options, const GlobalOptions& global, const Listed& modem,
                                 std::vector<operation::ReportFile> found_out, Output& output) {
  if (options.path.empty()) {
    return {};
  }
  auto files = std::move(found_out);
  auto add = [&](std::vector<operation::ReportFile> more) {
    files.insert(files.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  if (!modem.found.device.port.empty()) {
    add(operation::report_of(modem.found, modem.asked, modem.known));
  }
  auto data = data_directory(global.data);
  if (!data.empty()) {
    add(operation::report_of(operation::FolderJournals(data / "journal")));
  }
  TRY(operation::write_report(options.path, files, mask_for(options, modem), utc_now()));
  output.object("report", {{"path", options.path}, {"files", files.size() + 1}, {"masked", !options.unmasked}});
  output.line(fmt::format("report: {} ({})", printable(options.path),
                          options.unmasked ? "NOTHING is masked in it" : "IMEI and ICCID are masked"));
  return {};
}

}  // namespace modemedic::app
