#pragma once

#include "operation/programmer_file.h"

#include <stop_token>
#include <string>

namespace CLI {
class App;
}

namespace modemedic::app {

/// Where a command that works on the chip itself takes its programmer from.
struct ProgrammerOptions {
  std::string package;
  std::string file;
};

/// Adds --package and --programmer to a command.
void add_programmer_options(CLI::App& command, ProgrammerOptions& options);

/// @return Code::usage when neither or both are given
Result<operation::Programmer> read_programmer_option(const ProgrammerOptions& options, Events& events,
                                                     const std::stop_token& stop);

}  // namespace modemedic::app
