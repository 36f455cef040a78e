#include "plan/plan.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::plan {

namespace {

constexpr auto untouched = "nothing was written";

std::string cells(const Geometry& geometry) {
  return fmt::format("p{}K_b{}K", geometry.page_size / 1_KiB, geometry.block_size() / 1_KiB);
}

Result<void> check_geometry(const Geometry& wanted, const ChipReport& chip) {
  if (!chip.geometry.same_cells(wanted)) {
    return fail(Code::geometry_mismatch)
        .what(fmt::format("the chip has pages of {} and blocks of {} KiB, the package is for {} and {} KiB",
                          chip.geometry.page_size / 1_KiB, chip.geometry.block_size() / 1_KiB, wanted.page_size / 1_KiB,
                          wanted.block_size() / 1_KiB))
        .hint(fmt::format("ask the vendor for the {} build of this firmware; {}", cells(chip.geometry), untouched));
  }
  if (chip.geometry.blocks < wanted.blocks) {
    return fail(Code::geometry_mismatch)
        .what(fmt::format("the chip has {} blocks, the package is for {}", chip.geometry.blocks, wanted.blocks))
        .hint(fmt::format("ask the vendor for the build for a chip of {} MiB; {}", chip.geometry.chip_size() / 1_MiB,
                          untouched));
  }
  return {};
}

}  // namespace

Result<void> check_chip(const ProvenPlan& plan, const firmware::Package& package, const ChipReport& chip) {
  const auto& geometry = plan.plan().geometry;
  TRY(check_geometry(geometry, chip));
  for (const auto& image : package.images) {
    auto first = image.range.start.n / geometry.pages_per_block;
    auto count = image.range.count.n / geometry.pages_per_block;
    std::vector<std::uint64_t> bad;
    std::copy_if(chip.bad_blocks.begin(), chip.bad_blocks.end(), std::back_inserter(bad),
                 [&](std::uint64_t block) { return block >= first && block - first < count; });
    auto needed = geometry.blocks_for(package.file(image).size).n;
    if (needed + bad.size() > count) {
      return fail(Code::refused)
          .rule("bad-blocks")
          .what(fmt::format("{} does not fit any more: its image needs {} blocks, the partition has {}, of them bad: "
                            "{}",
                            image.partition, needed, count, fmt::join(bad, ", ")))
          .hint(fmt::format("the flash is worn out there; the programmer would write over the next partition. {}",
                            "This module cannot take this firmware; nothing was written"));
    }
    if (image.range.start.n == 0 && !bad.empty() && bad.front() == 0) {
      return fail(Code::refused)
          .rule("bad-blocks")
          .what("block 0 is bad: the boot ROM looks for SBL there, the programmer would put it one block on")
          .hint("the flash of this module is worn out; nothing was written");
    }
  }
  return {};
}

}  // namespace modemedic::plan
