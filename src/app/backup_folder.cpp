#include "app/backup_folder.h"

#include "app/data_directory.h"

namespace modemedic::app {

namespace fs = std::filesystem;

fs::path backup_folder(const std::string& data, bool no_backup, Events& events) {
  if (no_backup) {
    return {};
  }
  auto folder = data_directory(data);
  if (folder.empty()) {
    warn(events, "there is no folder for a copy of what is the module's own: name one with --data");
    return {};
  }
  std::error_code error;
  auto absolute = fs::absolute(folder / "backups", error);  // a command that is shown holds in any folder
  return error ? folder / "backups" : absolute.lexically_normal();
}

}  // namespace modemedic::app
