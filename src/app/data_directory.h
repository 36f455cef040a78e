#pragma once

#include <filesystem>
#include <string>

namespace modemedic::app {

/// Where modemedic keeps what it learned: records of modems, journals of jobs, the catalogue of packages. Whoever
/// writes there makes the folder; a folder that can't be made or written loses memory, never a modem.
/// @param option  `--data DIR`; empty: $XDG_STATE_HOME/modemedic, or ~/.local/state/modemedic (XDG base directories)
/// @return an empty path when there is neither an option nor a home
std::filesystem::path data_directory(const std::string& option);

}  // namespace modemedic::app
