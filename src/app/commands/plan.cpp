#include "app/commands/commands.h"
#include "app/package_option.h"
#include "app/package_view.h"
#include "virtual/persona.h"

#include <fmt/format.h>

namespace modemedic::app {

Result<void> show_plan(const PlanOptions& options, Output& output) {
  TRY_ASSIGN(auto planned, plan_package_option(options.package, output));
  const auto& [package, proven] = planned;
  if (!options.persona.empty()) {
    TRY_ASSIGN(auto persona, twin::find_persona(options.persona));
    TRY(plan::check_chip(proven, package, {persona.geometry, persona.factory_bad_blocks}));
  }
  show_steps(proven.plan(), package, output);
  output.line(fmt::format("\nproven: every image ends where it belongs, nothing else is touched; nothing was sent"));
  return {};
}

}  // namespace modemedic::app
