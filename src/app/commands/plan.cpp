#include "app/commands/commands.h"
#include "app/origin.h"
#include "app/package_option.h"
#include "app/package_view.h"
#include "operation/gate.h"
#include "operation/save_efs.h"
#include "virtual/persona.h"

#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

struct PlanOptions {
  PackageOptions package;
  std::string persona;
  std::optional<plan::Method> method;
};

Result<void> show_plan(const GlobalOptions& global, const PlanOptions& options, Output& output,
                       const std::stop_token& stop) {
  TRY_ASSIGN(auto planned, plan_package_option(options.package, output, stop, options.method));
  const auto& [package, proven] = planned;
  TRY(show_origin(global, package, output, stop));
  if (!options.persona.empty()) {
    TRY_ASSIGN(auto persona, twin::find_persona(options.persona));
    if (proven.plan().method == plan::Method::firehose) {
      TRY(plan::check_chip(proven, package, {persona.geometry, persona.factory_bad_blocks}));
    }
  }
  TRY_ASSIGN(auto judgement, operation::judge_alone(package));
  TRY(operation::pass(judgement, {}, output));
  show_steps(proven.plan(), package, output);
  if (auto saves = operation::told_to_save(package.table, package.geometry);
      !saves.empty() && proven.plan().method == plan::Method::firehose) {
    output.verdict_field("saves", Json(saves));
    output.line(fmt::format(
        "\nbefore the first erase it saves {}, and verifies that (not with --no-backup); before the reset it "
        "compares them",
        saves));
  } else if (proven.plan().method != plan::Method::firehose) {
    constexpr auto files = "files and NV items, over DIAG";
    output.verdict_field("saves", files);
    output.line(
        fmt::format("\nbefore a modem that runs leaves for it, it saves {}, and verifies that (not with "
                    "--no-backup)",
                    files));
  }
  output.line(fmt::format("proven: every image ends where it belongs, nothing else is touched; nothing was sent"));
  return {};
}

}  // namespace

void add_plan(Grammar& grammar) {
  auto options = std::make_shared<PlanOptions>();
  auto& command = grammar.command(
      "plan", "the steps a flash would take, proven; nothing is sent",
      "modemedic plan EG25GGBR07A08M2G_30.006.30.006/ --persona eg25-g",
      [&grammar, options](Output& output, auto& stop) { return show_plan(grammar.global(), *options, output, stop); });
  add_package_options(command, options->package);
  add_method_option(command, options->method);
  command.add_option("--persona", options->persona, "check against this virtual modem's chip, too");
}

}  // namespace modemedic::app
