#include "app/commands/commands.h"
#include "app/new_file.h"
#include "app/origin.h"
#include "app/package_option.h"
#include "app/package_page.h"
#include "app/package_view.h"
#include "base/version.h"

#include <chrono>
#include <ctime>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>

namespace modemedic::app {

namespace {

struct InspectOptions {
  PackageOptions package;
  std::string page;  ///< where it goes; empty: none is wanted
};

Result<void> inspect(const GlobalOptions& global, const InspectOptions& options, Output& output,
                     const std::stop_token& stop) {
  TRY_ASSIGN(auto package, read_package_option(options.package, output, stop));
  if (!options.page.empty()) {
    auto made = fmt::format("made by modemedic {} on {:%Y-%m-%d}", version(),
                            fmt::localtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
    TRY(write_new_file(options.page, package_page(package, made)));
  }
  show_package(package, output);
  TRY(show_origin(global, package, output, stop));
  if (!options.page.empty()) {
    output.line("\nwritten to " + printable(options.page, 300));
  }
  return {};
}

}  // namespace

void add_inspect(Grammar& grammar) {
  auto options = std::make_shared<InspectOptions>();
  auto& command = grammar.command(
      "inspect", "what a package is, whether it is whole, what it would write and erase",
      "modemedic inspect EG25GGBR07A08M2G_30.006.30.006.zip",
      [&grammar, options](Output& output, auto& stop) { return inspect(grammar.global(), *options, output, stop); });
  add_package_options(command, options->package);
  command.add_option("--html", options->page, "write it to this new file, too, as a page to keep");
}

}  // namespace modemedic::app
