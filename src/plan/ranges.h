#pragma once

#include "base/units.h"
#include "firmware/partition.h"

#include <string>

namespace modemedic::plan {

/// The names of all partitions that a range touches: "boot", "aboot, boot"; empty when it touches none.
std::string names_in(const firmware::PartitionTable& table, const SectorRange& range);

/// The range has sectors, and all of them are on the chip. Safe for any numbers.
bool on_chip(const SectorRange& range, const Geometry& geometry);

/// The range consists of whole erase blocks.
bool whole_blocks(const SectorRange& range, const Geometry& geometry);

}  // namespace modemedic::plan
