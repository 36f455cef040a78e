#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/units.h"
#include "firmware/partition.h"

/// MIBIB, the partition table of a 9x07 NAND (docs/protocols/mibib.md).
namespace modemedic::firmware {

/// The table in `bytes`, the content of a MIBIB partition or of a partition_complete_*.mbn.
/// @param geometry  page size gives the layout; a range beyond the chip is an error
/// @return Code::package_bad: wrong magic, count, CRC, or a partition outside the chip
Result<PartitionTable> parse_mibib(ByteView bytes, const Geometry& geometry);

/// The four pages of a MIBIB with this table, CRC included.
Buffer make_mibib(const PartitionTable& table, const Geometry& geometry);

}  // namespace modemedic::firmware
