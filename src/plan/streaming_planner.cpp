#include "plan/streaming_plan.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::Finding;
using firmware::Image;
using firmware::Package;
using firmware::PackageKind;

namespace {

constexpr auto nothing_sent = "nothing was sent to the modem";

bool has(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

struct Outcome {
  const char* cut_leaves;
  const char* go_on;
  bool no_return;
};

constexpr Outcome before{"the old firmware, untouched: the next power-on starts it", "start the flash again", false};
constexpr Outcome in_fastboot{
    "no kernel, and its boot loader whole: every power-on ends in fastboot until the kernel, which comes last, is "
    "written",
    "flash the package again, from fastboot", true};
constexpr Outcome kernel_taken{
    "no kernel: a power-on ends in fastboot, or in download mode (05c6:9215 QHSUSB_DLOAD) if that is where its boot "
    "loader led before",
    "flash the package again, from there", true};
constexpr Outcome boot_loader_open{
    "no boot loader, or a part of one: the boot ROM waits in download mode (05c6:9215 QHSUSB_DLOAD) at every power-on",
    "flash the package again, from there", true};
constexpr Outcome boot_loader_whole{"its new boot loader, whole, and no kernel: every power-on ends in fastboot",
                                    "flash the package again, from fastboot", true};
constexpr Outcome written{"the new firmware, whole: it is in fastboot, or starts",
                          "modemedic mode normal, and look at it with modemedic list", true};

/// The order follows from what a power-on finds (docs/ec20.md): the kernel is taken away before anything and written
/// last of all, SBL1 before the rest of the boot loader and written behind it.
class Planner {
public:
  Planner(const Package& package, Method method) : package_(package), method_(method) {}

  Plan make() {
    if (method_ == Method::download) {
      renew_boot_loader();
    }
    add(Step::Kind::to_fastboot, "wait in fastboot", method_ == Method::download ? boot_loader_whole : before);
    if (method_ == Method::fastboot) {
      erase(Step::Kind::flash_erase, kernel_9x15, in_fastboot);
    }
    for (auto name : firmware_9x15) {
      write(Step::Kind::flash, name, in_fastboot, "fastboot");
    }
    add(Step::Kind::reboot, "start the new firmware", written);
    add(Step::Kind::prove, "let the modem prove it over AT", written);
    return {std::move(steps_), package_.geometry, method_};
  }

private:
  void renew_boot_loader() {
    add(Step::Kind::to_download, "switch to download mode", before);
    add(Step::Kind::load, "hand over the streaming loader", before);
    add(Step::Kind::table, "show the loader the package's partition table",
        {"the old firmware, untouched, if its partition table is the package's; else an erased chip",
         "flash the package again, from download mode", false})
        .may_wipe = true;
    erase(Step::Kind::stream_erase, kernel_9x15, kernel_taken);
    erase(Step::Kind::stream_erase, first_loader_9x15, boot_loader_open);
    for (auto name : loaders_9x15) {
      write(Step::Kind::stream, name, boot_loader_open, "streaming download");
    }
    write(Step::Kind::stream, first_loader_9x15, boot_loader_open, "streaming download");
    add(Step::Kind::leave_loader, "start the new boot loader", boot_loader_whole);
  }

  void erase(Step::Kind kind, std::string_view partition, const Outcome& outcome) {
    add(kind, fmt::format("erase {}", partition), outcome).name = partition;
  }

  void write(Step::Kind kind, std::string_view partition, const Outcome& outcome, const char* by) {
    auto image = std::ranges::find(package_.images, partition, &Image::partition);
    auto& step = add(kind, fmt::format("write {} with {} by {}", partition, package_.file(*image).path, by), outcome);
    step.name = partition;
    step.image = static_cast<std::size_t>(image - package_.images.begin());
  }

  Step& add(Step::Kind kind, std::string what, const Outcome& outcome) {
    Step step;
    step.kind = kind;
    step.what = std::move(what);
    step.cut_leaves = outcome.cut_leaves;
    step.go_on = outcome.go_on;
    step.no_return = outcome.no_return;
    steps_.push_back(std::move(step));
    return steps_.back();
  }

  const Package& package_;
  Method method_;
  std::vector<Step> steps_;
};

Failure refused(std::string rule, std::string what) {
  return fail(Code::refused).rule(std::move(rule)).what(std::move(what)).hint(nothing_sent);
}

Result<void> check_method(const Package& package, Method method) {
  if (package.kind == PackageKind::streaming) {
    if (method == Method::firehose) {
      return refused("method", "a package for the 9x15 has no Firehose programmer");
    }
    return package.chip == "9x15" ? Result<void>{}
                                  : refused("method", fmt::format("a package with loaders in Intel HEX for the {}",
                                                                  printable(package.chip)));
  }
  return refused("method",
                 fmt::format("this package brings a Firehose programmer, which does all that {} does and can be proven "
                             "against the chip: it goes by firehose",
                             name(method)));
}

}  // namespace

bool fastboot_may_write(std::string_view partition) {
  return has(firmware_9x15, partition);
}

bool streaming_may_write(std::string_view partition) {
  return partition == first_loader_9x15 || has(loaders_9x15, partition);
}

Result<Plan> make_streaming_plan(const Package& package, Method method) {
  TRY(check_method(package, method));
  for (const auto& image : package.images) {
    if (!fastboot_may_write(image.partition) && !streaming_may_write(image.partition)) {
      return refused("partition", fmt::format("no flash of a 9x15 touches {}", printable(image.partition)));
    }
    if (std::ranges::count(package.images, image.partition, &Image::partition) > 1) {
      return fail(Code::package_bad)
          .what(fmt::format("more than one image is for {}", printable(image.partition)))
          .hint(nothing_sent);
    }
    if (package.file(image).size == 0) {
      return fail(Code::package_bad)
          .what(fmt::format("{} is empty", printable(package.file(image).path)))
          .hint(nothing_sent);
    }
  }
  std::vector<std::string_view> needed(firmware_9x15.begin(), firmware_9x15.end());
  needed.insert(needed.end(), loaders_9x15.begin(), loaders_9x15.end());
  needed.push_back(first_loader_9x15);
  for (auto partition : needed) {
    if (std::ranges::find(package.images, partition, &Image::partition) == package.images.end()) {
      return fail(Code::package_bad)
          .what(fmt::format("the package has no image for {}", partition))
          .hint("a part of a package leaves a modem that may not start; nothing was sent to the modem");
    }
  }
  auto wrong = std::ranges::find(package.findings, Finding::Level::error, &Finding::level);
  if (wrong != package.findings.end()) {
    return refused(wrong->id, wrong->text);
  }
  if (method == Method::download && package.user_table.empty()) {
    return refused("partition", "the package brings no partition table (partition.mbn), which the loader asks for");
  }
  return Planner(package, method).make();
}

}  // namespace modemedic::plan
