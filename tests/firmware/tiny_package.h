#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/units.h"
#include "firmware/partition.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::test {

/// Path -> content.
using Files = std::map<std::string, Buffer>;

/// A package of the real shape with images of a few pages, to be made wrong in one way by each test.
///
/// Its rawprogram file has the order of a real EG25-G one: SBL, MIBIB and TZ first, their erases near the end, RPM
/// last.
struct TinyPackage {
  TinyPackage();

  struct Command {
    std::string text;  ///< the element's name and its own attributes: `program filename="..\sbl1.mbn"`
    std::uint64_t start = 0;
    std::uint64_t count = 0;
    std::string sector_size = "2048";
    std::string pages_per_block = "64";
  };

  Geometry geometry;               ///< 2 KiB, 64 a block, 2048 blocks
  firmware::PartitionTable table;  ///< EG25-G 30.006
  std::vector<Command> commands;   ///< of the rawprogram file
  std::string comments;            ///< at its top
  Files files;                     ///< without rawprogram, md5.txt and partition_complete
  std::string rawprogram = "update/firehose/rawprogram_nand_p2K_b128K_update.xml";  ///< its path
  bool with_list = true;
  std::vector<std::string> list_extra = {R"(FILE:\upgrade\targetfiles.zip:222EAA53A6C111E7F2E248587D6EA079)"};

  /// All files, md5.txt with their right digests last.
  Files make() const;

  std::string rawprogram_text() const;

  Command& command(std::string_view holding);  ///< the first whose text holds this
};

Buffer text_bytes(std::string_view text);

/// `count` bytes that don't compress, different for each seed.
Buffer noise(std::size_t count, unsigned seed);

/// Writes the files below `folder`.
void write_folder(const Files& files, const std::string& folder);

/// What one entry of a hostile archive is.
struct ArchiveEntry {
  std::string path;
  Buffer bytes;
  std::string symlink;   ///< not empty: a symbolic link to this
  std::string hardlink;  ///< not empty: a hard link to this
  unsigned type = 0;     ///< AE_IF…; 0 is a plain file
};

/// @param name  its ending says what is written: .zip .7z .tar .tar.gz .tar.xz
void write_archive(const std::vector<ArchiveEntry>& entries, const std::string& name);

void write_archive(const Files& files, const std::string& name);

}  // namespace modemedic::test
