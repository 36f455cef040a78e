#pragma once

#include "app/grammar.h"
#include "app/modem_view.h"
#include "operation/report.h"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace modemedic::app {

/// A report on the command line.
struct ReportOptions {
  std::string path;  ///< empty: none is wanted
  bool unmasked = false;
};

/// Adds --report FILE and --unmasked to a command.
void add_report_options(CLI::App& command, ReportOptions& options);

/// Writes the report if one is wanted: what is known of the modem, the latest journals, and what the command found out.
/// A modem without a port is none: the report is of the lack of it, then.
/// The numbers of module and SIM, and the name of this user, are masked unless --unmasked.
Result<void> write_report_option(const ReportOptions& options, const GlobalOptions& global, const Listed& modem,
                                 std::vector<operation::ReportFile> found_out, Output& output);

}  // namespace modemedic::app
