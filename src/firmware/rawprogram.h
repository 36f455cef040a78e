#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/units.h"

#include <cstdint>
#include <optional>
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

/// What the comments at the top say of the chip; nothing where they are silent.
struct RawHeader {
  std::optional<std::uint64_t> block_size;    ///< bytes, of <!--BlockSize = 128 KB-->
  std::optional<std::uint64_t> page_size;     ///< bytes, of <!--PageSize  = 2 KB-->
  std::optional<std::uint64_t> chip_sectors;  ///< of <!--NUM_PARTITION_SECTORS  = 131072-->
};

/// @return Code::package_bad as parse_rawprogram, and for a number that is none
Result<RawHeader> parse_raw_header(ByteView xml, const std::string& file);

/// A patch_*.xml: how many of its patches are meant for the device. With the partition file's name they are already in
/// the shipped file, with filename="DISK" they would have to be sent.
struct PatchCount {
  std::size_t in_files = 0;
  std::size_t on_disk = 0;
};

/// @return Code::package_bad when it is not well-formed
Result<PatchCount> count_patches(ByteView xml, const std::string& file);

}  // namespace modemedic::firmware
