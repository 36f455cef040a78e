#pragma once

#include "app/command_line.h"

#include <stop_token>

/// One function a command. Each prints its result through Output and returns its failure for the verdict.
namespace modemedic::app {

Result<void> list(const GlobalOptions& global, Output& output);
Result<void> inspect(const PackageOptions& options, Output& output);
Result<void> show_plan(const PlanOptions& options, Output& output);
Result<void> flash(const GlobalOptions& global, const FlashCommandOptions& options, Output& output,
                   std::stop_token stop);
Result<void> rehearse(const RehearseOptions& options, Output& output, std::stop_token stop);
Result<void> virtual_personas(Output& output);
Result<void> virtual_package(const GenerateOptions& options, Output& output);
Result<void> virtual_serve(const ServeOptions& options, Output& output, const std::stop_token& stop);

}  // namespace modemedic::app
