#pragma once

#include "virtual/nand.h"
#include "virtual/persona.h"

#include <string>

namespace modemedic::twin {

/// Where a power-on ends, out of the NAND's content alone.
struct BootOutcome {
  enum class Kind {
    edl,       ///< no SBL: the boot ROM waits with Sahara
    download,  ///< SBL runs, but what it has to load is not whole: download mode under the normal PID
    dark,      ///< the same, on a persona where nothing shows on USB
    fastboot,  ///< force flag in misc, or boot's first page has no ANDROID!
    loop,      ///< torn kernel or root file system: starts again and again
    running,
  };

  Kind kind = Kind::edl;
  std::string because;   ///< "no SBL code word at sector 0", "system is not whole UBI: …"
  bool modem_up = true;  ///< running: the modem image is whole, AT is there
  std::string cgmr;      ///< running: "EG25GGBR07A08M2G", read out of the flashed images; empty when not found there
  std::string qgmr;      ///< running: with sub-version
};

/// Boots a chip, each family by its own chain.
BootOutcome boot(const Nand& nand, const Persona& persona);

/// Which kernel the boot loader jumps into.
enum class Kernel {
  in_flash,    ///< `fastboot continue`
  downloaded,  ///< `fastboot boot`
};

/// What boot() does behind the boot loader, whatever the force flag says. Without ANDROID! in boot, where the kernel is
/// to come from there, the modem falls silent: dark.
BootOutcome boot_past_fastboot(const Nand& nand, const Persona& persona, Kernel kernel = Kernel::in_flash);

}  // namespace modemedic::twin
