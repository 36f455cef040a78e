#include "plan/fastboot_step.h"

#include "firmware/boot_image.h"
#include "firmware/partition_role.h"
#include "firmware/yaffs2.h"
#include "plan/streaming_plan.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::Role;

namespace {

/// The rest of a 9x07's table is left to Firehose: the boot loader, and what is the module's own.
constexpr std::array<std::string_view, 6> of_9x07{"system", "recoveryfs", "modem", "boot", "recovery", "usr_data"};

/// Without one of these the modem still starts, or waits in fastboot. Without system it would start a kernel that
/// loops, and without its modem firmware answer nothing: those are flashed, never erased.
constexpr std::array<std::string_view, 5> erasable{"boot", "recovery", "recoveryfs", "userdata", "usr_data"};

bool may_touch(const std::string& family, std::string_view partition) {
  return family == "9x15" ? fastboot_may_write_9x15(partition) : std::ranges::find(of_9x07, partition) != of_9x07.end();
}

/// The boot loader looks at boot and recovery only; the rest it writes as it comes.
std::string image_problem(const std::string& family, std::string_view partition, ByteView image) {
  if (image.empty()) {
    return "the image is empty: the boot loader would erase the partition and say OKAY";
  }
  if (partition == "boot" || partition == "recovery") {
    auto whole = firmware::check_boot_image(image);
    return whole ? "" : whole.error().what;
  }
  auto file_system = partition == "system" || partition == "recoveryfs";
  if (family == "9x15") {
    constexpr firmware::Yaffs2Shape pages;
    return (file_system || partition == "userdata") && image.size() % pages.stride() != 0
               ? fmt::format("{} bytes are no whole pages with their spare areas: no YAFFS2 image", image.size())
               : "";
  }
  auto ubi = as_text(image).starts_with("UBI#");
  if ((file_system || partition == "modem") && !ubi) {
    return "without UBI# at its start the boot loader takes it for pages with spare areas, and writes it shifted";
  }
  return ubi && image.size() % 2048 != 0 ? fmt::format("{} bytes of UBI are no whole number of pages", image.size())
                                         : "";
}

Failure refused(std::string rule, std::string what) {
  return fail(Code::refused).rule(std::move(rule)).what(std::move(what)).hint("nothing was sent to the modem");
}

}  // namespace

Result<ProvenFastbootStep> prove_fastboot_step(ProvenFastbootStep::Kind kind, const std::string& family,
                                               const std::string& partition, ByteView image) {
  auto name = printable(partition);
  if (firmware::role_of(partition) == Role::calibrated) {
    return refused("erase-all", fmt::format("{} holds the IMEI and calibration of this one module", name));
  }
  if (!may_touch(family, partition)) {
    return refused("partition", fmt::format("{} is no partition that may be written by fastboot", name));
  }
  if (kind == ProvenFastbootStep::Kind::erase && std::ranges::find(erasable, partition) == erasable.end()) {
    return refused(
        "partition",
        fmt::format("without {} the modem would start and not come back: flash it, that erases it first", name));
  }
  auto problem = kind == ProvenFastbootStep::Kind::flash ? image_problem(family, partition, image) : std::string();
  if (!problem.empty()) {
    return refused("partition", fmt::format("{}: {}", name, problem));
  }
  return ProvenFastbootStep(kind, partition, image);
}

}  // namespace modemedic::plan
