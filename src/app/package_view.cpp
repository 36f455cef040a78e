#include "app/package_view.h"

#include "app/package_json.h"
#include "app/package_summary.h"
#include "base/bytes.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using firmware::Package;

Json range_json(const SectorRange& range) {
  return {{"start", range.start.n}, {"count", range.count.n}};
}

void show_partitions(const Package& package, Output& output) {
  output.line(fmt::format("\n{:<12} {:>8} {:>8}  {:<8} {}", "PARTITION", "SECTOR", "LENGTH", "FATE", "IMAGE"));
  for (const auto& fate : firmware::partition_fates(package)) {
    auto image = fate.image == nullptr
                     ? std::string()
                     : fmt::format("{} ({})", printable(fate.image->path), human_size(fate.image->size));
    output.line(fmt::format("{:<12} {:>8} {:>8}  {:<8} {}", printable(fate.partition->name),
                            fate.partition->range.start.n, fate.partition->range.count.n, word(fate), image));
  }
}

void show_streaming_images(const Package& package, Output& output) {
  output.line(fmt::format("\n{:<12} {}", "PARTITION", "IMAGE"));
  for (const auto& image : package.images) {
    const auto& file = package.file(image);
    output.line(
        fmt::format("{:<12} {} ({}): {}", image.partition, printable(file.path), human_size(file.size), image.reason));
  }
}

void show_consequences(const Package& package, Output& output) {
  auto all = consequences(package);
  if (!all.stays.empty()) {
    output.line(fmt::format("\nSTAYS: {}", all.stays));
  }
  output.line(fmt::format("DOES NOT STAY: {}", all.goes));
  for (const auto& alarm : all.alarms) {
    output.line(fmt::format("!!! {}", alarm));
  }
}

}  // namespace

std::string describe(const Geometry& geometry) {
  return fmt::format("{} KiB pages, {} KiB blocks, {} blocks", geometry.page_size / 1024, geometry.block_size() / 1024,
                     geometry.blocks);
}

void show_package(const Package& package, Output& output) {
  output.object("package", package_json(package));
  for (const auto& [label, text] : summarize(package)) {
    output.line(fmt::format("{:<10} {}", label, text));
  }
  if (package.kind == firmware::PackageKind::firehose) {
    show_partitions(package, output);
    show_consequences(package, output);
  } else {
    show_streaming_images(package, output);
  }
  for (const auto& finding : by_weight(package.findings)) {
    output.line(fmt::format("\n{}: {} [{}]", word(finding.level), printable(finding.text, 1000), finding.id));
  }
}

void show_steps(const plan::Plan& plan, const Package& package, Output& output) {
  Json steps = Json::array();
  std::size_t number = 0;
  for (const auto& step : plan.steps) {
    ++number;
    Json row{{"number", number},       {"what", step.what},
             {"partition", step.name}, {"cut_leaves", step.cut_leaves},
             {"go_on", step.go_on},    {"no_return", step.no_return}};
    row.update(range_json(step.range));
    row["may_wipe"] = step.may_wipe;
    if (!step.name.empty() && step.kind != plan::Step::Kind::erase && step.kind != plan::Step::Kind::prove_erased) {
      row["image"] = package.file(package.images[step.image]).path;
    }
    steps.push_back(row);
  }
  output.object("plan", {{"proven", true}, {"method", plan::name(plan.method)}, {"steps", steps}});

  auto gone = false;
  number = 0;
  std::string leaves;
  for (const auto& step : plan.steps) {
    if (step.no_return && !gone) {
      gone = true;
      output.line("    ------ from here on the old firmware is gone ------");
    }
    output.line(fmt::format("{:>3} {}", ++number, printable(step.what)));
    if (step.may_wipe) {
      output.line("      if the modem's own table is another one, this erases its IMEI and calibration [efs]");
    }
    if (step.cut_leaves != leaves) {
      leaves = step.cut_leaves;
      output.line(fmt::format("      cut here: {}; to go on: {}", printable(leaves, 400), printable(step.go_on, 400)));
    }
  }
}

}  // namespace modemedic::app
