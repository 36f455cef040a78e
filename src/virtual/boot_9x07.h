#pragma once

#include "virtual/boot_stages.h"

/// The 9x07's boot chain: boot ROM, SBL, aboot, Linux on UBI (design: The virtual modem).
namespace modemedic::twin {

BootOutcome boot_9x07(const Nand& nand, const Persona& persona);
/// What comes when a whole kernel runs.
BootOutcome start_linux_9x07(const BootStages& stages);

}  // namespace modemedic::twin
