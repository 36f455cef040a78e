#pragma once

#include "base/units.h"
#include "firmware/partition.h"

#include <string>
#include <string_view>

namespace modemedic::plan {

/// What a partition is to a flash. Told by its name; tables spell names in either case (sbl, SBL).
enum class Role {
  sbl,         ///< while it is absent the boot ROM waits in EDL by itself
  mibib,       ///< the partition table
  calibrated,  ///< EFS2, RAWDATA, sec: IMEI and RF calibration of this one module, lost for ever when erased
  kept,        ///< sys_rev, cust_info, misc: in no normal package
  plain,
};

Role role_of(std::string_view partition);

/// The names of all partitions that a range touches: "boot", "aboot, boot"; empty when it touches none.
std::string names_in(const firmware::PartitionTable& table, const SectorRange& range);

/// The range has sectors, and all of them are on the chip. Safe for any numbers.
bool on_chip(const SectorRange& range, const Geometry& geometry);

/// The range consists of whole erase blocks.
bool whole_blocks(const SectorRange& range, const Geometry& geometry);

/// "sectors 640 to 1279", for a person.
std::string describe(const SectorRange& range);

}  // namespace modemedic::plan
