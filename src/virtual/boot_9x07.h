#pragma once

#include "virtual/boot_chain.h"

/// The 9x07's boot chain: boot ROM, SBL, aboot, Linux on UBI (design: The virtual modem).
namespace modemedic::twin {

BootOutcome boot_9x07(const Nand& nand, const Persona& persona);
BootOutcome boot_9x07_past_fastboot(const Nand& nand, const Persona& persona);

}  // namespace modemedic::twin
