#pragma once

#include "app/grammar.h"
#include "app/output.h"
#include "app/package_option.h"
#include "operation/flash.h"

#include <optional>
#include <string>
#include <vector>

namespace modemedic::app {

/// What a person decides of a flash, whichever command it is part of.
struct FlashingOptions {
  PackageOptions package;
  bool yes = false;
  bool anew = false;
  bool no_backup = false;
  operation::Verify verify = operation::Verify::boot;
  std::vector<std::string> overrides;
  std::optional<plan::Method> method;
  std::string backup;  ///< of this modem's IMEI and calibration; empty: there is none
};

/// Adds all of them but the package to a command.
void add_flashing_options(CLI::App& command, FlashingOptions& options);

/// @param options  whose backup has been read, if it names one
operation::GateOptions gate_options(const FlashingOptions& options, operation::ModemRecords& records);

/// @param journals  where the job is written down
operation::FlashOptions flash_options(const GlobalOptions& global, const FlashingOptions& options,
                                      operation::JournalStore& journals, Output& output);

}  // namespace modemedic::app
