#pragma once

#include "firmware/package.h"
#include "plan/plan.h"

#include <optional>
#include <stop_token>
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

/// Adds what chooses in a package to a command.
void add_package_choice(CLI::App& command, firmware::PackageChoice& choice);

/// Whether a command can do something without one.
enum class PackageNeed { required, optional };

/// Adds PACKAGE and what chooses in it to a command.
void add_package_options(CLI::App& command, PackageOptions& options, PackageNeed need = PackageNeed::required);

/// Reads the package of the command line.
Result<firmware::Package> read_package_option(const PackageOptions& options, Events& events,
                                              const std::stop_token& stop);

/// A package and the plan that was proven for it.
struct PlannedPackage {
  firmware::Package package;
  plan::ProvenPlan plan;
};

/// Plans the flash of a package and proves the plan.
/// @param method  nothing: the usual one for such a package
Result<PlannedPackage> plan_package(firmware::Package package, std::optional<plan::Method> method = std::nullopt);

/// The words of --method.
void add_method_option(CLI::App& command, std::optional<plan::Method>& method);

/// Reads the package, plans its flash and proves the plan.
Result<PlannedPackage> plan_package_option(const PackageOptions& options, Events& events, const std::stop_token& stop,
                                           std::optional<plan::Method> method = std::nullopt);

}  // namespace modemedic::app
