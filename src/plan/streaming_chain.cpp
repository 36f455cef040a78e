#include "firmware/partition_role.h"
#include "firmware/safe_path.h"
#include "plan/streaming_plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::Image;
using firmware::Package;
using firmware::PackageKind;
using firmware::Role;

namespace {

constexpr auto nothing_sent = "nothing was sent to the modem";

/// In the order in which they are written.
const BootChain chain_9x15{
    "SBL1",
    {"SBL2", "RPM", "APPSBL"},
    "boot",
    {"system", "userdata", "recoveryfs", "dsp1", "dsp2", "dsp3", "recovery", "boot"},
};

constexpr std::array<std::string_view, 3> loaders_9x07{"tz", "rpm", "aboot"};
constexpr std::array<std::string_view, 5> flashed_9x07{"system", "recoveryfs", "modem", "recovery", "usr_data"};

bool has(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Failure refused(std::string rule, std::string what) {
  return fail(Code::refused).rule(std::move(rule)).what(std::move(what)).hint(nothing_sent);
}

Result<void> check_9x15(const Package& package) {
  for (const auto& image : package.images) {
    if (!fastboot_may_write_9x15(image.partition) && image.partition != chain_9x15.first &&
        !has(chain_9x15.loaders, image.partition)) {
      return refused("partition", fmt::format("no flash of a 9x15 touches {}", printable(image.partition)));
    }
  }
  auto needed = chain_9x15.firmware;
  needed.insert(needed.end(), chain_9x15.loaders.begin(), chain_9x15.loaders.end());
  needed.push_back(chain_9x15.first);
  for (const auto& partition : needed) {
    if (std::ranges::find(package.images, partition, &Image::partition) == package.images.end()) {
      return fail(Code::package_bad)
          .what(fmt::format("the package has no image for {}", partition))
          .hint("a part of a package leaves a modem that may not start; nothing was sent to the modem");
    }
  }
  return {};
}

/// By fastboot or download mode a partition that only is to be erased can't be.
Result<void> check_erases(const Package& package) {
  for (const auto& command : package.commands) {
    auto starts_image = [&](const Image& image) { return image.range.start == command.range.start; };
    if (command.kind == firmware::RawCommand::Kind::erase && std::ranges::none_of(package.images, starts_image)) {
      return refused("method", "the package erases partitions that it has no image for, which only Firehose can");
    }
  }
  return {};
}

Result<BootChain> chain_9x07(const Package& package, Method method) {
  TRY(check_erases(package));
  BootChain chain;
  for (const auto& image : package.images) {
    auto name = firmware::fold_case(image.partition);
    auto role = firmware::role_of(image.partition);
    if (role == Role::sbl) {
      chain.first = image.partition;
    } else if (role == Role::mibib) {
      continue;  // the loader is only shown it, and fastboot never touches it
    } else if (has(loaders_9x07, name)) {
      chain.loaders.push_back(image.partition);
    } else if (name == "boot") {
      chain.kernel = image.partition;
    } else if (role != Role::plain || (method == Method::fastboot && !has(flashed_9x07, name))) {
      return refused("method",
                     fmt::format("{} can't be renewed by {}", printable(image.partition), plan::name(method)));
    } else {
      chain.firmware.push_back(image.partition);
    }
  }
  if (chain.first.empty() || chain.kernel.empty() || chain.loaders.size() != loaders_9x07.size()) {
    return refused("method", "the package has not all of a boot chain, which only Firehose can fill up");
  }
  chain.firmware.push_back(chain.kernel);
  return chain;
}

}  // namespace

bool BootChain::fastboot_may_write(std::string_view partition) const {
  return has(firmware, partition);
}

bool BootChain::streaming_may_write(std::string_view partition, std::string_view chip) const {
  return partition == first || has(loaders, partition) || (chip == "9x07" && has(firmware, partition));
}

bool fastboot_may_write_9x15(std::string_view partition) {
  return chain_9x15.fastboot_may_write(partition);
}

Result<BootChain> boot_chain_of(const Package& package, Method method) {
  if (method == Method::firehose) {
    return refused("method", "a package for the 9x15 has no Firehose programmer");
  }
  if (package.kind == PackageKind::streaming && package.chip == "9x15") {
    TRY(check_9x15(package));
    return chain_9x15;
  }
  if (package.kind == PackageKind::firehose && package.chip == "9x07") {
    return chain_9x07(package, method);
  }
  return refused("method", fmt::format("nothing is known of a {} by {}",
                                       package.chip.empty() ? "modem of no known chip" : printable(package.chip),
                                       plan::name(method)));
}

}  // namespace modemedic::plan
