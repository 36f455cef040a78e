#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/units.h"

#include <string>
#include <utility>
#include <vector>

/// rawprogram_nand_*.xml: what a package wants erased and written, in its own (often deadly) order.
namespace modemedic::firmware {

struct RawCommand {
  enum class Kind { erase, program };
  Kind kind = Kind::erase;
  SectorRange range;            ///< as the file says; for program: the partition's range
  std::string filename;         ///< program only, as written: "..\sbl1.mbn"
  std::uint32_t page_size = 0;  ///< SECTOR_SIZE_IN_BYTES
  std::uint32_t pages_per_block = 0;
  /// Every attribute in document order: those we don't know (vendor, c_project_name, …) must reach the device
  /// verbatim; dropping `vendor` turned a guarded erase into a whole-device erase.
  std::vector<std::pair<std::string, std::string>> attributes;

  bool vendor_tagged() const;  ///< carries an attribute beyond the standard ones
};

/// Parses without expanding entities or touching other files.
/// @param file  the file's name, for the error
/// @return the commands in document order; Code::package_bad for anything that is not well-formed, a number that is
///         none or overflows, a missing attribute, a DOCTYPE
Result<std::vector<RawCommand>> parse_rawprogram(ByteView xml, const std::string& file);

}  // namespace modemedic::firmware
