#pragma once

#include "base/error.h"
#include "base/units.h"
#include "firmware/rawprogram.h"

#include <string>
#include <vector>

namespace modemedic::firmware {

/// The geometry that a rawprogram file is made for: all its commands, the comments at its top and the p2K_b128K of its
/// name must agree. Without NUM_PARTITION_SECTORS the chip is taken as the smallest power of two of blocks that holds
/// all commands.
/// @return Code::package_bad
Result<Geometry> geometry_of(const std::vector<RawCommand>& commands, const RawHeader& header, const std::string& file);

/// An erase of the whole chip, or of "everything from here", which a rule refuses.
bool erases_whole_chip(const RawCommand& command, const Geometry& geometry);

/// Every range is on the chip and made of whole blocks, and no two programs overlap.
/// @return Code::package_bad naming the command
Result<void> check_ranges(const std::vector<RawCommand>& commands, const Geometry& geometry, const std::string& file);

/// "command 5 (..\sbl1.mbn)" or "command 5 (erase)"
std::string describe(const RawCommand& command, std::size_t index);

/// "sectors 640 to 1279"
std::string describe(const SectorRange& range);

}  // namespace modemedic::firmware
