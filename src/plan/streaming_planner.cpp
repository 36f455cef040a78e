#include "plan/outcome.h"
#include "plan/streaming_plan.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::Finding;
using firmware::Image;
using firmware::Package;

namespace {

constexpr auto nothing_sent = "nothing was sent to the modem";

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
constexpr Outcome in_edl{
    "no SBL, or a part of one: the boot ROM waits in EDL (05c6:9008) at every power-on, where Firehose goes on",
    "flash the package again, from there", true};
constexpr Outcome boot_loader_whole{"its new boot loader, whole, and no kernel: every power-on ends in fastboot",
                                    "flash the package again, from fastboot", true};
constexpr Outcome written{"the new firmware, whole: it is in fastboot, or starts",
                          "modemedic mode normal, and look at it with modemedic list", true};

/// The order follows from what a power-on finds (docs/ec20.md): the kernel is taken away before anything and written
/// last of all, SBL1 before the rest of the boot loader and written behind it.
class Planner {
public:
  Planner(const Package& package, Method method, BootChain chain)
      : package_(package), method_(method), chain_(std::move(chain)) {}

  Plan make() {
    if (method_ == Method::fastboot) {
      flash_firmware();
    } else if (package_.chip == "9x15") {
      renew_boot_loader();
      flash_firmware();
    } else {
      stream_all();
    }
    add(Step::Kind::prove, "let the modem prove it over AT", written);
    return {std::move(steps_), package_.geometry, method_};
  }

private:
  void flash_firmware() {
    add(Step::Kind::to_fastboot, "wait in fastboot", method_ == Method::download ? boot_loader_whole : before);
    if (method_ == Method::fastboot) {
      erase(Step::Kind::flash_erase, chain_.kernel, in_fastboot);
    }
    for (const auto& name : chain_.firmware) {
      write(Step::Kind::flash, name, in_fastboot, "fastboot");
    }
    add(Step::Kind::reboot, "start the new firmware", written);
  }

  void renew_boot_loader() {
    add(Step::Kind::to_download, "switch to download mode", before);
    add(Step::Kind::load, "hand over the streaming loader", before);
    add(Step::Kind::table, "show the loader the package's partition table",
        {"the old firmware, untouched, if its partition table is the package's; else an erased chip",
         "flash the package again, from download mode", false})
        .may_wipe = true;
    erase(Step::Kind::stream_erase, chain_.kernel, kernel_taken);
    erase(Step::Kind::stream_erase, chain_.first, boot_loader_open);
    for (const auto& name : chain_.loaders) {
      write(Step::Kind::stream, name, boot_loader_open, "streaming download");
    }
    write(Step::Kind::stream, chain_.first, boot_loader_open, "streaming download");
    add(Step::Kind::leave_loader, "start the new boot loader", boot_loader_whole);
  }

  /// On a 9x07 the loader says whether the table is the chip's own, and erases nothing then or otherwise.
  void stream_all() {
    add(Step::Kind::to_download, "switch to download mode", before);
    add(Step::Kind::load, "hand over the streaming loader", before);
    add(Step::Kind::table, "let the loader compare the package's partition table with the chip's", before);
    erase(Step::Kind::stream_erase, chain_.first, in_edl);
    for (const auto& name : chain_.loaders) {
      write(Step::Kind::stream, name, in_edl, "streaming download");
    }
    for (const auto& name : chain_.firmware) {
      write(Step::Kind::stream, name, in_edl, "streaming download");
    }
    write(Step::Kind::stream, chain_.first, in_edl, "streaming download");
    add(Step::Kind::leave_loader, "start the new firmware", written);
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
    return add_step(steps_, kind, std::move(what), outcome);
  }

  const Package& package_;
  Method method_;
  BootChain chain_;
  std::vector<Step> steps_;
};

Failure refused(std::string rule, std::string what) {
  return fail(Code::refused).rule(std::move(rule)).what(std::move(what)).hint(nothing_sent);
}

Result<void> check_images(const Package& package) {
  for (const auto& image : package.images) {
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
  return {};
}

}  // namespace

Result<Plan> make_streaming_plan(const Package& package, Method method) {
  TRY_ASSIGN(auto chain, boot_chain_of(package, method));
  TRY(check_images(package));
  auto wrong = std::ranges::find(package.findings, Finding::Level::error, &Finding::level);
  if (wrong != package.findings.end()) {
    return refused(wrong->id, wrong->text);
  }
  if (method == Method::download && package.user_table.empty()) {
    return refused("partition", "the package brings no partition table (partition.mbn), which the loader asks for");
  }
  return Planner(package, method, std::move(chain)).make();
}

}  // namespace modemedic::plan
