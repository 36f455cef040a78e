#pragma once

#include "base/error.h"
#include "firmware/package.h"
#include "knowledge/rule_facts.h"

#include <vector>

namespace modemedic::plan {

/// What the planner has against a package, where that is a rule.
/// @return Code::package_bad when no plan can be made for a reason that is no rule
Result<std::vector<knowledge::Fault>> objections(const firmware::Package& package);

}  // namespace modemedic::plan
