#pragma once

#include "base/events.h"

#include <filesystem>
#include <string>

namespace modemedic::app {

/// Where a flash saves what is the module's own, below the data directory; empty when that is not wanted, or when there
/// is no such directory, which is said.
std::filesystem::path backup_folder(const std::string& data, bool no_backup, Events& events);

}  // namespace modemedic::app
