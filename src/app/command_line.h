#pragma once

namespace modemedic::app {

/// Parses, runs one command, prints its verdict.
/// @return the process's exit code
int run_command_line(int argc, const char* const* argv);

}  // namespace modemedic::app
