#pragma once

#include "base/units.h"

#include <string>
#include <string_view>
#include <vector>

namespace modemedic::firmware {

/// A named range of the chip, as the MIBIB on it or in a package has it.
struct Partition {
  std::string name;   ///< without the leading "0:", as the table spells it: "SBL", "aboot"
  SectorRange range;  ///< start and length are whole blocks

  bool operator==(const Partition&) const = default;
};

using PartitionTable = std::vector<Partition>;

/// The partition of that name, or nullptr. Names are compared as the boot loader does: exactly.
const Partition* find_partition(const PartitionTable& table, std::string_view name);

/// The partition of that name whatever its case: the same partition is "SBL" on one modem and "sbl" on the next.
const Partition* find_partition_any_case(const PartitionTable& table, std::string_view name);

/// The partition that holds the whole range, or nullptr.
const Partition* partition_of(const PartitionTable& table, const SectorRange& range);

}  // namespace modemedic::firmware
