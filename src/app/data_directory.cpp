#include "app/data_directory.h"

#include <cstdlib>

namespace modemedic::app {

namespace fs = std::filesystem;

namespace {

/// An absolute path out of the environment: XDG says that others are to be ignored.
fs::path from_environment(const char* name) {
  const auto* value = std::getenv(name);
  fs::path path = value == nullptr ? "" : value;
  return path.is_absolute() ? path : fs::path();
}

}  // namespace

fs::path data_directory(const std::string& option) {
  if (!option.empty()) {
    return option;
  }
  if (auto state = from_environment("XDG_STATE_HOME"); !state.empty()) {
    return state / "modemedic";
  }
  auto home = from_environment("HOME");
  return home.empty() ? fs::path() : home / ".local/state/modemedic";
}

}  // namespace modemedic::app
