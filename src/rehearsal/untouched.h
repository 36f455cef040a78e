#pragma once

#include "rehearsal/scene.h"
#include "virtual/nand.h"

#include <string>

/// Texts to compare before and after: the same one, nothing has changed.
namespace modemedic::rehearsal {

/// What no flash may change: fingerprints of the sectors outside the plan's ranges, the module's own among them.
std::string untouchable(const twin::Nand& nand, const Scene& scene);

/// Changes when anything is written, but for the flag in misc that a boot loader in fastboot sets and clears by itself.
std::string all_but_flag(const twin::Nand& nand, const Scene& scene);

}  // namespace modemedic::rehearsal
