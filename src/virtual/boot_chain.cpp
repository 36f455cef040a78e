#include "virtual/boot_chain.h"

#include "virtual/boot_9x07.h"
#include "virtual/boot_9x15.h"
#include "virtual/boot_stages.h"

namespace modemedic::twin {

BootOutcome boot(const Nand& nand, const Persona& persona) {
  return is_9x15(persona) ? boot_9x15(nand, persona) : boot_9x07(nand, persona);
}

BootOutcome boot_past_fastboot(const Nand& nand, const Persona& persona, Kernel kernel) {
  BootStages stages(nand, persona);
  if (stages.read_table()) {
    return boot_ends(BootOutcome::Kind::dark, "continue without a partition table");
  }
  if (kernel == Kernel::in_flash) {
    if (!stages.kernel_starts()) {
      return boot_ends(BootOutcome::Kind::dark, "continue without a kernel in boot");
    }
    if (auto end = stages.kernel()) {
      return *end;
    }
  }
  return is_9x15(persona) ? start_linux_9x15(stages) : start_linux_9x07(stages);
}

}  // namespace modemedic::twin
