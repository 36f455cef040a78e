#pragma once

#include "base/units.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::twin {

/// How the packages of one chip family name their files (facts: docs/protocols/package.md).
struct PackageFamily {
  std::string_view chip;                   ///< "9x07", as personas name it
  std::string_view chipid;                 ///< contents.xml: "MDM9607"
  std::string_view prefix;                 ///< of boot, system and recovery images: "mdm9607"
  std::string_view programmer;             ///< "prog_nand_firehose_9x07.mbn"
  std::vector<std::string_view> programs;  ///< in update/, beside those that are programmed
  std::string_view revision;               ///< one for its order code; empty: the persona's own
};

/// Every family that is flashed by Firehose.
std::span<const PackageFamily> package_families();

/// That of a chip; the 9x07's for one that is not known.
const PackageFamily& package_family(std::string_view chip);

/// Paths of the images whose names differ between families and, in a 9x07's, between chips: releases for 2 KiB pages
/// are "perf" builds.
struct ImageNames {
  std::string boot;
  std::string system;
  std::string recovery;
};

ImageNames image_names(const PackageFamily& family, const Geometry& geometry);

}  // namespace modemedic::twin
