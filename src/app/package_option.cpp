#include "app/package_option.h"

#include <utility>

#include <CLI/CLI.hpp>

namespace modemedic::app {

void add_package_choice(CLI::App& command, firmware::PackageChoice& choice) {
  command.add_option("--programmer", choice.programmer, "which programmer, where the package has several");
  command.add_option("--rawprogram", choice.rawprogram, "which rawprogram XML, where it has several");
  command.add_option("--firmware", choice.firmware, "which firmware (its folder or archive), of several");
}

void add_package_options(CLI::App& command, PackageOptions& options, PackageNeed need) {
  command.add_option("PACKAGE", options.path, "a folder, .zip, .7z or .tar with the firmware")
      ->required(need == PackageNeed::required);
  add_package_choice(command, options.choice);
}

Result<firmware::Package> read_package_option(const PackageOptions& options, Events& events,
                                              const std::stop_token& stop) {
  return firmware::read_package(options.path, options.choice, events, stop);
}

void add_method_option(CLI::App& command, std::optional<plan::Method>& method) {
  command
      .add_option_function<std::string>(
          "--method",
          [&method](const std::string& word) {
            for (auto known : {plan::Method::firehose, plan::Method::fastboot, plan::Method::download}) {
              method = word == plan::name(known) ? known : method;
            }
          },
          "how it goes onto the modem; default: firehose where there is a programmer, else the gentlest that the "
          "modem's state leaves")
      ->check(CLI::IsMember({"firehose", "fastboot", "download"}).description(""))
      ->option_text("firehose|fastboot|download");
}

Result<PlannedPackage> plan_package(firmware::Package package, std::optional<plan::Method> method) {
  TRY_ASSIGN(auto plan, plan::make_plan(package, {}, method));
  TRY_ASSIGN(auto proven, plan::prove_plan(std::move(plan), package));
  return PlannedPackage{std::move(package), std::move(proven)};
}

Result<PlannedPackage> plan_package_option(const PackageOptions& options, Events& events, const std::stop_token& stop,
                                           std::optional<plan::Method> method) {
  TRY_ASSIGN(auto package, read_package_option(options, events, stop));
  return plan_package(std::move(package), method);
}

}  // namespace modemedic::app
