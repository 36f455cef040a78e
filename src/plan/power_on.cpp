#include "plan/power_on.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::plan {

PowerOn::PowerOn(std::string first, std::vector<std::string> loaders, std::string kernel,
                 std::vector<std::string> firmware)
    : first_(std::move(first)),
      loaders_(std::move(loaders)),
      kernel_(std::move(kernel)),
      firmware_(std::move(firmware)) {
  std::erase(firmware_, kernel_);
}

PowerOn::Holds PowerOn::holds(std::string_view partition) const {
  auto found = chip_.find(partition);
  return found == chip_.end() ? Holds::as_found : found->second;
}

bool PowerOn::all_hold(const std::vector<std::string>& partitions, Holds what) const {
  return std::ranges::all_of(partitions, [&](const auto& partition) { return holds(partition) == what; });
}

bool PowerOn::first_is_gone() const {
  return holds(first_) == Holds::blank || holds(first_) == Holds::torn;
}

std::string PowerOn::dead_end(Flag flag) const {
  if (first_is_gone()) {
    return {};  // the boot ROM looks at it before it starts it
  }
  if (!all_hold(loaders_, holds(first_))) {
    return fmt::format("{} would start a boot loader that is not of one piece", first_);
  }
  auto kernel = holds(kernel_);
  if (flag == Flag::set || kernel == Holds::blank) {
    return {};
  }
  if (kernel == Holds::as_found && flag == Flag::erased) {
    return "nothing but the flag may have kept what was found in fastboot";
  }
  if (kernel == Holds::torn || !all_hold(firmware_, kernel)) {
    return fmt::format("{} would start firmware that is not of one piece", kernel_);
  }
  return {};
}

bool PowerOn::ends_in_fastboot() const {
  return holds(kernel_) == Holds::blank && all_hold(loaders_, holds(first_)) && !first_is_gone();
}

}  // namespace modemedic::plan
