#pragma once

#include "app/output.h"
#include "firmware/package.h"

#include <string>
#include <vector>

namespace modemedic::app {

/// What stands before the command.
struct GlobalOptions {
  std::string bus = "usb";
  std::string modem;  ///< selector; empty: the only one in sight
  OutputOptions output;
};

/// A package on the command line, with what the person decided where it leaves a choice.
struct PackageOptions {
  std::string path;
  firmware::PackageChoice choice;
};

struct PlanOptions {
  PackageOptions package;
  std::string persona;
};

struct FlashCommandOptions {
  PackageOptions package;
  bool yes = false;
  std::vector<std::string> overrides;
};

struct RehearseOptions {
  PackageOptions package;
  std::string persona;   ///< empty: the one whose NAND the package is for
  std::string revision;  ///< what the twin runs before; empty: one release older than the package
};

struct ServeOptions {
  std::vector<std::string> modems;  ///< PERSONA[:MODE]
  std::string listen = "127.0.0.1:3240";
  std::string revision;
  std::string state_dir;
  std::vector<std::string> faults;
  bool blank = false;
  bool vhci = false;
  bool real_timing = false;
};

struct GenerateOptions {
  std::string persona;
  std::string out;
  std::string revision;
  bool small = false;
  bool qdl_form = false;
};

/// Parses, runs one command, prints its verdict.
/// @return the process's exit code
int run_command_line(int argc, const char* const* argv);

}  // namespace modemedic::app
