#pragma once

#include "plan/plan.h"

#include <string>
#include <vector>

namespace modemedic::plan {

/// What a cut leaves in one phase of a flash, and the way on from there.
struct Outcome {
  const char* cut_leaves;
  const char* go_on;
  bool no_return;
};

/// Adds a step in that phase to a plan.
/// @return the step, for what else belongs to it; good until the next one is added
Step& add_step(std::vector<Step>& steps, Step::Kind kind, std::string what, const Outcome& outcome);

}  // namespace modemedic::plan
