#include "plan/streaming_plan.h"

#include <algorithm>
#include <array>
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

/// What fastboot renews, in this order: the boot loader's own parts last. Until then every cut ends in fastboot again,
/// because its first `flash` sets the flag that brings a modem back there.
constexpr std::array<std::string_view, 10> by_fastboot{"system", "userdata", "recoveryfs", "dsp1", "dsp2",
                                                       "dsp3",   "boot",     "recovery",   "SBL2", "APPSBL"};

/// In the order in which the vendor's own tool was seen to write them.
constexpr std::array<std::string_view, 4> by_streaming{"SBL1", "SBL2", "RPM", "APPSBL"};

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
    "a part of its firmware missing, and its boot loader whole: the next power-on ends in fastboot",
    "flash the package again, from fastboot", true};
constexpr Outcome boot_loader_open{
    "its boot loader incomplete: the next power-on ends in download mode (05c6:9215 QHSUSB_DLOAD)",
    "flash the package again, from there with --method download", true};
constexpr Outcome boot_loader_whole{
    "its new boot loader, whole: the next power-on ends in fastboot, or in what firmware was there before",
    "flash the package again", true};
constexpr Outcome written{"the new firmware, whole: it is in fastboot, or starts",
                          "modemedic mode normal, and look at it with modemedic list", true};

class Planner {
public:
  Planner(const Package& package, Method method) : package_(package), method_(method) {}

  Plan make() {
    if (method_ == Method::download) {
      renew_boot_loader();
    }
    add(Step::Kind::to_fastboot, "wait in fastboot", method_ == Method::download ? boot_loader_whole : before);
    for (auto name : by_fastboot) {
      if (method_ == Method::fastboot || !has(by_streaming, name)) {
        write(Step::Kind::flash, name, has(by_streaming, name) ? boot_loader_open : in_fastboot, "fastboot");
      }
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
    for (auto name : by_streaming) {
      write(Step::Kind::stream, name, boot_loader_open, "streaming download");
    }
    add(Step::Kind::leave_loader, "start the new boot loader", boot_loader_whole);
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
  return has(by_fastboot, partition);
}

bool streaming_may_write(std::string_view partition) {
  return has(by_streaming, partition);
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
      return fail(Code::package_bad).what(fmt::format("{} is empty", printable(package.file(image).path)));
    }
  }
  for (const auto& names :
       {std::vector(by_fastboot.begin(), by_fastboot.end()), std::vector(by_streaming.begin(), by_streaming.end())}) {
    for (auto partition : names) {
      if (std::ranges::find(package.images, partition, &Image::partition) == package.images.end()) {
        return fail(Code::package_bad)
            .what(fmt::format("the package has no image for {}", partition))
            .hint("a part of a package leaves a modem that may not start; nothing was sent to the modem");
      }
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
