#include "firmware/package_findings.h"

#include "firmware/package_geometry.h"
#include "firmware/partition_role.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::firmware {

namespace {

class Findings {
public:
  explicit Findings(Package& package) : package_(package) {}

  void run() {
    for (std::size_t i = 0; i < package_.commands.size(); ++i) {
      about_range(package_.commands[i], i);
    }
    about_order();
    about_erases();
    about_vendor();
    about_digests();
    about_repeats();
  }

private:
  void add(Finding::Level level, const char* id, std::string text) {
    package_.findings.push_back({level, id, std::move(text)});
  }

  void about_range(const RawCommand& command, std::size_t index) {
    auto what = describe(command, index);
    if (erases_whole_chip(command, package_.geometry)) {
      add(Finding::Level::error, "erase-all",
          fmt::format("{} erases the whole chip, IMEI and RF calibration included", what));
      return;
    }
    for (const auto& partition : package_.table) {
      if (!partition.range.overlaps(command.range)) {
        continue;
      }
      auto role = role_of(partition.name);
      if (role == Role::calibrated) {
        add(Finding::Level::error, "efs",
            fmt::format("{} touches {}, which holds this one module's IMEI or RF calibration", what, partition.name));
      } else if (role == Role::kept) {
        add(Finding::Level::error, "partition",
            fmt::format("{} touches {}, which no normal package does", what, partition.name));
      }
    }
    if (command.kind == RawCommand::Kind::erase && partition_of(package_.table, command.range) == nullptr) {
      add(Finding::Level::error, "partition",
          fmt::format("{} at {} is within no single partition of the package's own table", what,
                      describe(command.range)));
    }
  }

  void about_order() {
    auto blank = blank_after_document_order(package_);
    if (!blank.empty()) {
      add(Finding::Level::note, "order-trap",
          fmt::format("run from top to bottom, the file would end with {} erased after having been written; modemedic "
                      "uses its own order",
                      fmt::join(blank, ", ")));
    }
  }

  void about_erases() {
    std::vector<std::string> names;
    for (const auto& image : package_.images) {
      auto covers = [&](const RawCommand& command) {
        return command.kind == RawCommand::Kind::erase && command.range.contains(image.range);
      };
      if (std::none_of(package_.commands.begin(), package_.commands.end(), covers)) {
        names.push_back(image.partition);
      }
    }
    if (!names.empty()) {
      add(Finding::Level::note, "no-erase",
          fmt::format("the file programs {} without erasing it; modemedic erases first", fmt::join(names, ", ")));
    }
  }

  void about_vendor() {
    auto count = std::count_if(package_.commands.begin(), package_.commands.end(),
                               [](const RawCommand& command) { return command.vendor_tagged(); });
    if (count > 0) {
      add(Finding::Level::note, "vendor-tagged",
          fmt::format("{} commands carry attributes for the vendor's own programmer; they are sent as they stand",
                      count));
    }
  }

  /// A file that the flash uses and md5.txt does not name.
  void about_digests() {
    std::set<std::size_t> used = {package_.programmer, *package_.rawprogram};
    for (const auto& image : package_.images) {
      used.insert(image.file);
    }
    std::vector<std::string> names;
    for (auto file : used) {
      if (package_.files[file].status == Md5Status::not_listed) {
        names.push_back(printable(package_.files[file].path));
      }
    }
    if (!names.empty()) {
      add(Finding::Level::warning, "md5-not-listed",
          fmt::format("md5.txt does not list what the flash uses: {}", fmt::join(names, ", ")));
    }
  }

  /// The same sectors erased twice wear the chip, and say that nobody looked at the file.
  void about_repeats() {
    std::vector<std::size_t> erases;
    for (std::size_t i = 0; i < package_.commands.size(); ++i) {
      if (package_.commands[i].kind == RawCommand::Kind::erase) {
        erases.push_back(i);
      }
    }
    std::ranges::sort(erases, {}, [&](std::size_t i) { return package_.commands[i].range.start.n; });
    for (std::size_t i = 1; i < erases.size(); ++i) {
      const auto& before = package_.commands[erases[i - 1]];
      const auto& after = package_.commands[erases[i]];
      if (before.range.overlaps(after.range)) {
        add(Finding::Level::note, "erase-repeated",
            fmt::format("{} and {} erase the same sectors: {} and {}", describe(before, erases[i - 1]),
                        describe(after, erases[i]), describe(before.range), describe(after.range)));
        return;
      }
    }
  }

  Package& package_;
};

}  // namespace

std::vector<std::string> blank_after_document_order(const Package& package) {
  std::vector<std::string> names;
  for (const auto& image : package.images) {
    auto erases_later = [&](const RawCommand& command) {
      return command.kind == RawCommand::Kind::erase && command.range.overlaps(image.range);
    };
    auto later = package.commands.begin() + static_cast<std::ptrdiff_t>(image.command) + 1;
    if (std::any_of(later, package.commands.end(), erases_later)) {
      names.push_back(image.partition);
    }
  }
  return names;
}

void add_findings(Package& package, const std::vector<FileFacts>& facts) {
  Findings(package).run();
  add_image_findings(package, facts);
}

}  // namespace modemedic::firmware
