#pragma once

#include "firmware/package.h"
#include "operation/run_firehose.h"
#include "plan/plan.h"

#include <optional>
#include <string>

namespace modemedic::operation {

/// The partition table on a chip, as far as it could be read.
struct ChipTable {
  std::optional<firmware::PartitionTable> table;
  std::string why;  ///< why there is no table
};

/// Reads the MIBIB on the chip, where the package has its own; of several copies the youngest.
/// @return Code::modem_lost, Code::timeout; a programmer that can't read is no failure
Result<ChipTable> read_chip_table(FirehoseLink& link, const firmware::Package& package, const plan::ChipReport& chip);

/// The same without any package: looks for a MIBIB in the chip's first blocks, and passes over what is none.
Result<ChipTable> find_chip_table(FirehoseLink& link, const plan::ChipReport& chip);

}  // namespace modemedic::operation
