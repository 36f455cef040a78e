#pragma once

#include "firmware/package.h"
#include "plan/plan.h"

#include <string>

namespace CLI {
class App;
}

namespace modemedic::app {

/// A package on the command line, with what the person decided where it leaves a choice.
struct PackageOptions {
  std::string path;
  firmware::PackageChoice choice;
};

/// Adds PACKAGE and what chooses in it to a command.
void add_package_options(CLI::App& command, PackageOptions& options);

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
