#pragma once

#include "virtual/boot_stages.h"

/// The 9x15's boot chain: boot ROM, SBL1, SBL2, APPSBL (little-kernel), Linux on YAFFS2. Where one of them misses what
/// it loads, download mode (DLOAD) is what's left: so it was seen with APPSBL, and it is assumed of the others.
namespace modemedic::twin {

BootOutcome boot_9x15(const Nand& nand, const Persona& persona);
/// What comes when a whole kernel runs.
BootOutcome start_linux_9x15(const BootStages& stages);

}  // namespace modemedic::twin
