#pragma once

#include "firmware/package.h"
#include "plan/plan.h"

#include <string>

namespace modemedic::plan {

/// Does what a plan says to a chip of which every single sector is kept, as the field's programmer would: programming
/// a sector that isn't erased spoils it. Slow and plain on purpose: what the prover is measured with.
/// @param standing  images that are on the chip before, whole
/// @return empty when the plan is right; else what went wrong
std::string walk_sector_by_sector(const Plan& plan, const firmware::Package& package, const Standing& standing = {});

}  // namespace modemedic::plan
