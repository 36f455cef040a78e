#include "plan/ranges.h"

namespace modemedic::plan {

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

}  // namespace modemedic::plan
