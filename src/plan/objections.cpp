#include "plan/objections.h"

#include "plan/plan.h"

#include <utility>

namespace modemedic::plan {

Result<std::vector<knowledge::Fault>> objections(const firmware::Package& package) {
  auto plan = make_plan(package);
  if (plan) {
    return std::vector<knowledge::Fault>();
  }
  if (plan.error().rule.empty()) {
    return fail(std::move(plan.error()));
  }
  return std::vector<knowledge::Fault>{{plan.error().rule, plan.error().what}};
}

}  // namespace modemedic::plan
