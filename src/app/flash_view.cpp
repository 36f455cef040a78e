#include "app/flash_view.h"

#include "base/bytes.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

Json to_json(const operation::Identity& identity) {
  return {{"model", identity.model}, {"revision", identity.revision}, {"imei", identity.imei}, {"cfun", identity.cfun}};
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// Of a flash without Firehose: nobody can compare what only a running modem shows, but IMEI and CFUN.
void show_files(const operation::SavedFiles& saved, Output& output) {
  output.verdict_field("saved", {{"file", printable(saved.file.string(), 1000)},
                                 {"files", saved.content.files},
                                 {"items", saved.content.items},
                                 {"bytes", saved.bytes},
                                 {"troubles", saved.content.troubles},
                                 {"seconds", seconds(saved.time)},
                                 {"compared", false}});
  output.line("  saved before, over DIAG: " + saved.told());
}

/// What is the module's own: what was saved of it, and whether it is as it was.
void show_own(const operation::FlashReport& report, Output& output) {
  if (report.saved_files) {
    show_files(*report.saved_files, output);
    return;
  }
  if (!report.saved) {
    output.verdict_field("saved", nullptr);
    return;
  }
  const auto& saved = *report.saved;
  output.verdict_field("saved", {{"file", printable(saved.file.string(), 1000)},
                                 {"partitions", saved.names()},
                                 {"bytes", saved.bytes},
                                 {"unreadable", saved.unreadable()},
                                 {"seconds", seconds(saved.time)},
                                 {"compared", report.efs_compared},
                                 {"changed", report.efs_changed},
                                 {"written_over", report.efs_written_over}});
  auto names = saved.names();
  std::erase_if(names, [&](const auto& name) { return std::ranges::count(report.efs_written_over, name) > 0; });
  output.line(report.efs_compared
                  ? fmt::format("  {}: byte for byte as before (IMEI and RF calibration)", fmt::join(names, ", "))
                  : fmt::format("  {}: saved before, not compared since", fmt::join(names, ", ")));
  if (!report.efs_written_over.empty()) {
    output.line(fmt::format("  {}: written over by this firmware, which has it elsewhere",
                            fmt::join(report.efs_written_over, ", ")));
  }
  output.line(fmt::format("  saved before the first erase: {}", printable(saved.file.string(), 1000)));
}

}  // namespace

void show_report(const operation::FlashReport& report, Output& output) {
  output.verdict_field("before", to_json(report.before));
  output.verdict_field("after", to_json(report.after));
  output.verdict_field("bytes", report.bytes_programmed);
  output.verdict_field("standing", report.standing);
  output.verdict_field("data_seconds", seconds(report.data_time));
  output.verdict_field("seconds", seconds(report.whole_time));
  output.verdict_field("bad_blocks", report.chip_asked ? Json(report.storage.bad_blocks) : Json());
  output.verdict_field("read_back", report.read_back);
  output.verdict_field("new_bad_blocks", report.new_bad_blocks);
  if (report.chip && report.chip->serial) {
    output.verdict_field("chip_serial", fmt::format("{:08x}", *report.chip->serial));
  }
  const auto& before = report.before.revision;
  auto rate = static_cast<double>(report.bytes_programmed) / 1e6 / std::max(seconds(report.data_time), 1e-9);
  output.line(fmt::format("done and proven: {} -> {}", before.empty() ? "unknown" : printable(before),
                          printable(report.after.revision)));
  output.line(fmt::format("  IMEI {} ({}), CFUN {}", printable(report.after.imei),
                          report.before.imei.empty() ? "not known before" : "as before", printable(report.after.cfun)));
  show_own(report, output);
  if (report.standing > 0) {
    output.line(fmt::format("  {} images stood already, from the job that was cut", report.standing));
  }
  if (!report.read_back.empty()) {
    output.line(fmt::format("  read back and compared, byte for byte: {}", fmt::join(report.read_back, ", ")));
  }
  if (!report.new_bad_blocks.empty()) {
    output.line(fmt::format("  blocks {} turned bad meanwhile: this flash is wearing out, ask for another module",
                            fmt::join(report.new_bad_blocks, ", ")));
  }
  auto blocks = report.chip_asked ? fmt::format(", {} bad blocks on the chip", report.storage.bad_blocks.size()) : "";
  output.line(fmt::format("  {} programmed at {:.1f} MB/s, {} in all{}", human_size(report.bytes_programmed), rate,
                          human_time(report.whole_time), blocks));
}

}  // namespace modemedic::app
