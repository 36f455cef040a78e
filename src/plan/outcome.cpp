#include "plan/outcome.h"

#include <utility>

namespace modemedic::plan {

Step& add_step(std::vector<Step>& steps, Step::Kind kind, std::string what, const Outcome& outcome) {
  Step step;
  step.kind = kind;
  step.what = std::move(what);
  step.cut_leaves = outcome.cut_leaves;
  step.go_on = outcome.go_on;
  step.no_return = outcome.no_return;
  steps.push_back(std::move(step));
  return steps.back();
}

}  // namespace modemedic::plan
