#include "virtual/chip_faults.h"

namespace modemedic::twin {

void mark_bad_blocks(Nand& nand, const Persona& persona, const Faults& faults) {
  for (auto block : persona.factory_bad_blocks) {
    nand.mark_bad(block);
  }
  for (const auto& fault : faults.all()) {
    if (fault.kind == "bad-block") {
      nand.mark_bad(fault.argument);
    }
  }
}

void wear_out(Nand& nand, const Faults& faults) {
  for (const auto& fault : faults.all()) {
    if (fault.kind == "erase-fails") {
      nand.fail_erase_of(fault.argument);
    } else if (fault.kind == "page-fails") {
      nand.fail_program_of(fault.argument);
    } else if (fault.kind == "page-dead") {
      nand.fail_every_program_of(fault.argument);
    } else if (fault.kind == "page-lost") {
      nand.lose_program_of(fault.argument);
    } else if (fault.kind == "grows-bad") {
      nand.wear_out(fault.argument);
    }
  }
}

}  // namespace modemedic::twin
