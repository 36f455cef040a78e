#include "app/commands/commands.h"
#include "app/package_option.h"
#include "app/package_view.h"

#include <memory>

#include <CLI/CLI.hpp>

namespace modemedic::app {

namespace {

Result<void> inspect(const PackageOptions& options, Output& output, const std::stop_token& stop) {
  TRY_ASSIGN(auto package, read_package_option(options, output, stop));
  show_package(package, output);
  return {};
}

}  // namespace

void add_inspect(Grammar& grammar) {
  auto options = std::make_shared<PackageOptions>();
  auto& command = grammar.command("inspect", "what a package is, whether it is whole, what it would write and erase",
                                  "modemedic inspect EG25GGBR07A08M2G_30.006.30.006.zip",
                                  [options](Output& output, auto& stop) { return inspect(*options, output, stop); });
  add_package_options(command, *options);
}

}  // namespace modemedic::app
