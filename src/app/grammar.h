#pragma once

#include "app/output.h"

#include <functional>
#include <stop_token>
#include <string>

namespace CLI {
class App;
}

namespace modemedic::app {

/// What stands before the command.
struct GlobalOptions {
  std::string bus = "usb";
  std::string modem;  ///< selector; empty: the only one in sight
  std::string tty;    ///< a port of the modem through which AT and DIAG go; empty: over USB itself
  std::string data;   ///< the data directory; empty: the usual one (data_directory.h)
  OutputOptions output;
};

/// Runs a command with the options it was parsed with; its failure becomes the verdict.
using Run = std::function<Result<void>(Output&, const std::stop_token&)>;

/// The command line's grammar, to which each command adds its own (commands/commands.h), and what the person chose
/// by it.
class Grammar {
public:
  explicit Grammar(CLI::App& app);
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;

  /// Adds `modemedic NAME`. Its options are added to what is returned; `run` owns what they are stored in.
  /// @param example  shown by --help, as it would be typed
  CLI::App& command(const std::string& name, const std::string& what, const std::string& example, Run run);

  /// The same below a group: `modemedic virtual NAME`.
  CLI::App& command(CLI::App& group, const std::string& name, const std::string& what, const std::string& example,
                    Run run);

  /// A word that stands before a command.
  CLI::App& group(const std::string& name, const std::string& what);

  const GlobalOptions& global() const { return global_; }

  const Run& chosen() const { return chosen_; }

private:
  CLI::App& app_;
  GlobalOptions global_;
  Run chosen_;
};

}  // namespace modemedic::app
