#pragma once

#include "knowledge/rule_facts.h"
#include "plan/plan.h"

#include <vector>

namespace modemedic::plan {

/// Looks at a plan with the partition table that is on the chip: the package's own says nothing of where IMEI and
/// calibration of this module are now.
/// @return `efs` when they would be destroyed, or not be found any more; `partition-table` when `sec` would be, which a
///         right flash across a change of tables does
std::vector<knowledge::Fault> look_at_chip_table(const ProvenPlan& plan, const firmware::Package& package,
                                                 const firmware::PartitionTable& on_chip);

}  // namespace modemedic::plan
