#pragma once

#include "virtual/faults.h"
#include "virtual/nand.h"
#include "virtual/persona.h"

/// What is wrong with the chip itself, and no flash cures.
namespace modemedic::twin {

/// Marks the persona's factory bad blocks and those of faults `bad-block:B`. Comes before the chip is provisioned, as a
/// factory does; a VirtualModem does it again, for a chip that nobody prepared.
void mark_bad_blocks(Nand& nand, const Persona& persona, const Faults& faults);

/// Faults erase-fails, page-fails, page-dead, page-lost and grows-bad: they show when their place is next worked at.
void wear_out(Nand& nand, const Faults& faults);

}  // namespace modemedic::twin
