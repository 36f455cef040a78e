#pragma once

#include "base/error.h"
#include "firmware/package.h"
#include "firmware/source.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace modemedic::firmware {

/// Which of a source's entries make the package, and which of them steer the flash; told by names alone, before a
/// byte is read.
struct PackageLayout {
  std::string root;                  ///< "" or "EG25GGBR07A08M2G_30.006.30.006/"
  std::vector<std::size_t> entries;  ///< of the source, below the root, in its order
  std::vector<std::string> paths;    ///< of each, relative to the root
  std::size_t programmer = 0;        ///< these are indices into `entries`
  std::size_t rawprogram = 0;
  std::optional<std::size_t> md5_list;
  std::optional<std::size_t> contents;
  std::optional<std::size_t> patch;  ///< the one that goes with the rawprogram file
};

/// Finds the package in what a source holds. Its root may lie up to three folders deep.
/// @param path  what the person named, for errors
/// @return Code::package_bad with what it looks like instead; Code::usage with the candidates where a choice is open
Result<PackageLayout> find_layout(const Source& source, const std::string& path, const PackageChoice& choice);

/// What a source without a rawprogram file seems to be, and what to do with it: an older modem's package, a delta
/// upgrade, an archive in an archive, an empty folder, or nothing that we know.
Failure no_package(const Source& source, const std::string& path);

}  // namespace modemedic::firmware
