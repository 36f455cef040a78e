#pragma once

#include "app/output.h"
#include "base/error.h"
#include "operation/gate.h"

#include <optional>
#include <stop_token>
#include <string>

namespace CLI {
class App;
}

namespace modemedic::app {

/// --backup FILE: what the rule efs asks for before it can be lifted.
void add_backup_option(CLI::App& command, std::string& path);

/// Whose a backup is, as far as it says.
struct BackupOwner {
  std::string imei;
  std::string revision;
  std::string time;
};

/// Reads all of that backup, of the chip or of the running modem's files (`backup --efs`), as `backup --verify` does,
/// and says whose it is.
/// @param path  empty: there is none
/// @return Code::package_bad when it is no whole backup, or holds neither IMEI nor calibration; Code::refused (rule
///         efs) when it is of another model than the package is for
Result<std::optional<BackupOwner>> read_backup_option(const std::string& path, const firmware::Package& package,
                                                      Output& output, const std::stop_token& stop);

/// A modem that told who it is shows whether the backup is its own.
/// @return Code::refused (rule efs)
Result<void> check_whose_backup(const std::optional<BackupOwner>& backup, const operation::Admission& admission);

}  // namespace modemedic::app
