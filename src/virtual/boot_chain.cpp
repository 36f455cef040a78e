#include "virtual/boot_chain.h"

#include "virtual/boot_9x07.h"
#include "virtual/boot_9x15.h"

namespace modemedic::twin {

BootOutcome boot(const Nand& nand, const Persona& persona) {
  return is_9x15(persona) ? boot_9x15(nand, persona) : boot_9x07(nand, persona);
}

BootOutcome boot_past_fastboot(const Nand& nand, const Persona& persona) {
  return is_9x15(persona) ? boot_9x15_past_fastboot(nand, persona) : boot_9x07_past_fastboot(nand, persona);
}

}  // namespace modemedic::twin
