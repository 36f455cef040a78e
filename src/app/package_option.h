#pragma once

#include "app/command_line.h"
#include "plan/plan.h"

namespace modemedic::app {

/// Reads the package of the command line.
/// @return what read_package() says, with the package's own name where the error has no place yet
Result<firmware::Package> read_package_option(const PackageOptions& options, Events& events);

/// A package and the plan that was proven for it.
struct PlannedPackage {
  firmware::Package package;
  plan::ProvenPlan plan;
};

/// Reads the package, plans its flash and proves the plan.
Result<PlannedPackage> plan_package_option(const PackageOptions& options, Events& events);

}  // namespace modemedic::app
