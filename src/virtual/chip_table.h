#pragma once

#include "base/error.h"
#include "firmware/partition.h"
#include "virtual/nand.h"
#include "virtual/persona.h"

namespace modemedic::twin {

/// The table in the chip's MIBIB, which stands where the persona's own table says.
/// @return Code::package_bad with the reason: "no MIBIB", "MIBIB is torn", …
Result<firmware::PartitionTable> read_chip_table(const Nand& nand, const Persona& persona);

}  // namespace modemedic::twin
