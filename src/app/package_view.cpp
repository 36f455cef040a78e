#include "app/package_view.h"

#include "base/bytes.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using firmware::Finding;
using firmware::Md5Status;
using firmware::Package;

std::string_view text(Md5Status status) {
  switch (status) {
    case Md5Status::listed:
      return "md5 ok";
    case Md5Status::not_listed:
      return "not in md5.txt";
    case Md5Status::no_list:
      return "no md5.txt";
  }
  return "";
}

std::string_view text(Finding::Level level) {
  switch (level) {
    case Finding::Level::note:
      return "note";
    case Finding::Level::warning:
      return "warning";
    case Finding::Level::error:
      return "error";
  }
  return "";
}

/// What becomes of one partition of the package's table.
struct Fate {
  const firmware::Partition* partition;
  const firmware::PackageFile* image = nullptr;
  bool erased = false;

  std::string_view word() const { return image != nullptr ? "written" : erased ? "erased" : "stays"; }
};

std::vector<Fate> fates(const Package& package) {
  std::vector<Fate> all;
  for (const auto& partition : package.table) {
    Fate fate{&partition};
    for (const auto& image : package.images) {
      if (image.range.overlaps(partition.range)) {
        fate.image = &package.file(image);
      }
    }
    for (const auto& command : package.commands) {
      fate.erased = fate.erased || command.range.overlaps(partition.range);
    }
    all.push_back(fate);
  }
  return all;
}

Json range_json(const SectorRange& range) {
  return {{"start", range.start.n}, {"count", range.count.n}};
}

Json package_json(const Package& package) {
  Json files = Json::array();
  for (const auto& file : package.files) {
    files.push_back(
        {{"path", file.path}, {"size", file.size}, {"md5", hex_digits(file.md5)}, {"status", text(file.status)}});
  }
  Json partitions = Json::array();
  for (const auto& fate : fates(package)) {
    Json row{{"name", fate.partition->name}, {"fate", fate.word()}};
    row.update(range_json(fate.partition->range));
    if (fate.image != nullptr) {
      row["image"] = fate.image->path;
      row["image_size"] = fate.image->size;
    }
    partitions.push_back(row);
  }
  Json findings = Json::array();
  for (const auto& finding : package.findings) {
    findings.push_back({{"level", text(finding.level)}, {"id", finding.id}, {"text", finding.text}});
  }
  return {{"path", package.path},
          {"root", package.root},
          {"chip", package.chip},
          {"revision", package.revision ? package.revision->text : ""},
          {"revision_evidence", package.revision_evidence},
          {"page_size", package.geometry.page_size},
          {"block_size", package.geometry.block_size()},
          {"blocks", package.geometry.blocks},
          {"programmer", package.files[package.programmer].path},
          {"rawprogram", package.rawprogram ? package.files[*package.rawprogram].path : ""},
          {"files", files},
          {"partitions", partitions},
          {"findings", findings}};
}

void show_fates(const Package& package, Output& output) {
  output.line(fmt::format("\n{:<12} {:>8} {:>8}  {:<8} {}", "PARTITION", "SECTOR", "LENGTH", "FATE", "IMAGE"));
  for (const auto& fate : fates(package)) {
    auto image = fate.image == nullptr
                     ? std::string()
                     : fmt::format("{} ({})", printable(fate.image->path), human_size(fate.image->size));
    output.line(fmt::format("{:<12} {:>8} {:>8}  {:<8} {}", printable(fate.partition->name),
                            fate.partition->range.start.n, fate.partition->range.count.n, fate.word(), image));
  }
}

}  // namespace

std::string describe(const Geometry& geometry) {
  return fmt::format("{} KiB pages, {} KiB blocks, {} blocks", geometry.page_size / 1024, geometry.block_size() / 1024,
                     geometry.blocks);
}

void show_package(const Package& package, Output& output) {
  output.object("package", package_json(package));
  std::uint64_t size = 0;
  for (const auto& file : package.files) {
    size += file.size;
  }
  auto unlisted = std::count_if(package.files.begin(), package.files.end(),
                                [](const auto& file) { return file.status != Md5Status::listed; });
  output.line(fmt::format("package    {}", printable(package.path)));
  output.line(fmt::format(
      "revision   {}{}", package.revision ? printable(package.revision->text) : "unknown",
      package.revision_evidence.empty() ? "" : fmt::format("  (read from {})", printable(package.revision_evidence))));
  output.line(fmt::format("chip       {}", printable(package.chip)));
  output.line(fmt::format("NAND       {}", describe(package.geometry)));
  output.line(fmt::format("programmer {}", printable(package.files[package.programmer].path)));
  output.line(fmt::format("files      {}, {} in all; {} of them not vouched for by md5.txt", package.files.size(),
                          human_size(size), unlisted));
  show_fates(package, output);
  for (const auto& finding : package.findings) {
    output.line(fmt::format("\n{}: {} [{}]", text(finding.level), printable(finding.text, 1000), finding.id));
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
    if (step.kind == plan::Step::Kind::program) {
      row["image"] = package.file(package.images[step.image]).path;
    }
    steps.push_back(row);
  }
  output.object("plan", {{"proven", true}, {"steps", steps}});

  auto gone = false;
  number = 0;
  std::string leaves;
  for (const auto& step : plan.steps) {
    if (step.no_return && !gone) {
      gone = true;
      output.line("    ------ from here on the old firmware is gone ------");
    }
    output.line(fmt::format("{:>3} {}", ++number, printable(step.what)));
    if (step.cut_leaves != leaves) {
      leaves = step.cut_leaves;
      output.line(fmt::format("      cut here: {}; to go on: {}", printable(leaves, 400), printable(step.go_on, 400)));
    }
  }
}

}  // namespace modemedic::app
