#include "plan/partition_role.h"

#include "firmware/safe_path.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace modemedic::plan {

Role role_of(std::string_view partition) {
  static constexpr std::array<std::pair<std::string_view, Role>, 8> roles{{
      {"sbl", Role::sbl},
      {"mibib", Role::mibib},
      {"efs2", Role::calibrated},
      {"rawdata", Role::calibrated},
      {"sec", Role::calibrated},
      {"sys_rev", Role::kept},
      {"cust_info", Role::kept},
      {"misc", Role::kept},
  }};
  auto name = firmware::fold_case(partition);
  const auto* row = std::find_if(roles.begin(), roles.end(), [&](const auto& r) { return r.first == name; });
  return row == roles.end() ? Role::plain : row->second;
}

std::string names_in(const firmware::PartitionTable& table, const SectorRange& range) {
  std::string names;
  for (const auto& partition : table) {
    if (partition.range.overlaps(range)) {
      names += (names.empty() ? "" : ", ") + partition.name;
    }
  }
  return names;
}

bool on_chip(const SectorRange& range, const Geometry& geometry) {
  auto chip = geometry.chip_sectors();
  return range.count.n > 0 && range.start < chip && range.count <= chip - range.start;
}

bool whole_blocks(const SectorRange& range, const Geometry& geometry) {
  return geometry.pages_per_block > 0 && range.start.n % geometry.pages_per_block == 0 &&
         range.count.n % geometry.pages_per_block == 0;
}

std::string describe(const SectorRange& range) {
  if (range.count.n <= 1) {
    return fmt::format("sector {}", range.start.n);
  }
  return fmt::format("sectors {} to {}", range.start.n, range.start.n + range.count.n - 1);
}

}  // namespace modemedic::plan
