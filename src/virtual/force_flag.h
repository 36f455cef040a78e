#pragma once

#include "base/units.h"
#include "virtual/nand.h"

namespace modemedic::twin {

/// The boot loader's persistent force-fastboot flag: in the second block of `misc` one 4 KiB message that holds
/// `boot_fastboot` and `force` (facts: fastboot.md, trap 2). Set, every power-up ends in fastboot.
bool force_fastboot(const Nand& nand, const SectorRange& misc);

/// Only `reboot` does this.
/// @return false when `misc` has no second good block, or it doesn't take the change
bool clear_force_fastboot(Nand& nand, const SectorRange& misc);

/// As `flash:` does first of all. Errors as clear_force_fastboot().
bool set_force_fastboot(Nand& nand, const SectorRange& misc);

}  // namespace modemedic::twin
