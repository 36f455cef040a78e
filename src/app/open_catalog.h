#pragma once

#include "app/grammar.h"
#include "catalog/catalog.h"
#include "catalog/genuine.h"

#include <filesystem>

namespace modemedic::app {

/// Where the catalogue is: below the data directory.
/// @return Code::usage when there is no data directory
Result<std::filesystem::path> catalog_folder(const GlobalOptions& global);

Result<catalog::Catalog> open_catalog(const GlobalOptions& global, Events& events);

/// Which packages trusted signers vouch for; none where there is no data directory.
catalog::Genuine read_genuine(const GlobalOptions& global, Events& events);

}  // namespace modemedic::app
