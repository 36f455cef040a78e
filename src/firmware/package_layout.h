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
  PackageKind kind = PackageKind::firehose;
  std::string root;                  ///< "" or "EG25GGBR07A08M2G_30.006.30.006/"
  std::vector<std::size_t> entries;  ///< of the source, below the root, in its order
  std::vector<std::string> paths;    ///< of each, relative to the root
  std::size_t programmer = 0;        ///< these are indices into `entries`
  std::optional<std::size_t> rawprogram;
  std::optional<std::size_t> md5_list;
  std::optional<std::size_t> contents;
  std::optional<std::size_t> patch;           ///< the one that goes with the rawprogram file
  std::optional<std::size_t> user_table;      ///< partition.mbn
  std::optional<std::size_t> user_table_xml;  ///< partition_nand.xml
};

/// A folder of a source that a package seems to lie in.
struct PackageRoot {
  std::string folder;  ///< "" or with a '/' at its end
  PackageKind kind = PackageKind::firehose;

  bool operator==(const PackageRoot&) const = default;
};

/// The roots of all packages in a source, each once.
std::vector<PackageRoot> find_roots(const Source& source, const PackageChoice& choice);

/// Finds the files of the package in that root, which may lie up to three folders deep.
/// @return Code::package_bad; Code::usage with the candidates where a choice is open
Result<PackageLayout> lay_out(const Source& source, const PackageRoot& root, const PackageChoice& choice);

/// What a source without a package is, when that can be told: a part of one, a delta upgrade.
std::optional<Error> known_no_package(const Source& source);

/// The same, and else that it is empty, or nothing that we know.
Failure no_package(const Source& source);

}  // namespace modemedic::firmware
