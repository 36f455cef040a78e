#include "app/programmer_option.h"

#include <CLI/CLI.hpp>

namespace modemedic::app {

void add_programmer_options(CLI::App& command, ProgrammerOptions& options) {
  command.add_option("--package", options.package, "a package for this module: its programmer is used");
  command.add_option("--programmer", options.file, "a Firehose programmer for this chip: prog_nand_firehose_9x07.mbn");
}

Result<operation::Programmer> read_programmer_option(const ProgrammerOptions& options, Events& events,
                                                     const std::stop_token& stop) {
  if (options.package.empty() == options.file.empty()) {
    return fail(Code::usage)
        .what(options.file.empty() ? "the chip is reached by a programmer, and none is given"
                                   : "--package and --programmer are two programmers")
        .hint("--package PACKAGE (one for this module), or --programmer FILE");
  }
  if (!options.file.empty()) {
    return operation::read_programmer(options.file);
  }
  TRY_ASSIGN(auto package, firmware::read_package(options.package, {}, events, stop));
  return operation::programmer_of(package);
}

}  // namespace modemedic::app
