#include "plan/chip_table.h"

#include "base/bytes.h"
#include "firmware/package_geometry.h"
#include "firmware/partition_role.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::describe;
using firmware::Role;
using knowledge::Fault;

namespace {

/// The first step that changes one of these sectors, or nullptr.
const Step* first_to_change(const Plan& plan, const SectorRange& range) {
  auto changes = [&](const Step& step) {
    return (step.kind == Step::Kind::erase || step.kind == Step::Kind::program) && step.range.overlaps(range);
  };
  auto step = std::find_if(plan.steps.begin(), plan.steps.end(), changes);
  return step == plan.steps.end() ? nullptr : &*step;
}

}  // namespace

std::vector<Fault> look_at_chip_table(const ProvenPlan& plan, const firmware::Package& package,
                                      const firmware::PartitionTable& on_chip) {
  std::vector<Fault> faults;
  for (const auto& partition : on_chip) {
    if (firmware::role_of(partition.name) != Role::calibrated) {
      continue;
    }
    // 30.006 of the EG25-G lays its new `system` over the old `sec`: that is how that flash must be.
    auto may_move = firmware::fold_case(partition.name) == "sec";
    if (const auto* step = first_to_change(plan.plan(), partition.range)) {
      faults.push_back({may_move ? "partition-table" : "efs",
                        fmt::format("`{}` at {} changes what is {} by the chip's own table", printable(step->what),
                                    describe(step->range), printable(partition.name))});
    }
    const auto* there = firmware::find_partition_any_case(package.table, partition.name);
    if (!may_move && (there == nullptr || there->range != partition.range)) {
      faults.push_back({"efs", fmt::format("the chip has {} at {}, the package {}: the new firmware would not find it",
                                           printable(partition.name), describe(partition.range),
                                           there == nullptr ? "nowhere" : "at " + describe(there->range))});
    }
  }
  return faults;
}

}  // namespace modemedic::plan
