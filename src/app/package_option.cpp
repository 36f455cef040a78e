#include "app/package_option.h"

#include <utility>

#include <CLI/CLI.hpp>

namespace modemedic::app {

void add_package_options(CLI::App& command, PackageOptions& options) {
  command.add_option("PACKAGE", options.path, "a folder, .zip, .7z or .tar with the firmware")->required();
  command.add_option("--programmer", options.choice.programmer, "which programmer, where the package has several");
  command.add_option("--rawprogram", options.choice.rawprogram, "which rawprogram XML, where it has several");
}

Result<firmware::Package> read_package_option(const PackageOptions& options, Events& events) {
  auto package = firmware::read_package(options.path, options.choice, events);
  if (!package) {
    auto error = std::move(package.error());
    if (error.during.empty()) {
      error.during = options.path;
    }
    if (error.hint.empty()) {
      error.hint = "name a firmware package: a folder, .zip, .7z or .tar that can be read; nothing was sent";
    }
    return fail(std::move(error));
  }
  return package;
}

Result<PlannedPackage> plan_package_option(const PackageOptions& options, Events& events) {
  TRY_ASSIGN(auto package, read_package_option(options, events));
  TRY_ASSIGN(auto plan, plan::make_plan(package));
  TRY_ASSIGN(auto proven, plan::prove_plan(std::move(plan), package));
  return PlannedPackage{std::move(package), std::move(proven)};
}

}  // namespace modemedic::app
