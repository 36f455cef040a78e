#pragma once

#include "virtual/boot_chain.h"

/// The 9x15's boot chain: boot ROM, SBL1, SBL2, APPSBL (little-kernel), Linux on YAFFS2. Where one of them misses what
/// it loads, download mode (DLOAD) is what's left: so it was seen with APPSBL, and it is assumed of the others.
namespace modemedic::twin {

BootOutcome boot_9x15(const Nand& nand, const Persona& persona);
BootOutcome boot_9x15_past_fastboot(const Nand& nand, const Persona& persona);

}  // namespace modemedic::twin
