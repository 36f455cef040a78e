#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "base/events.h"
#include "base/units.h"
#include "firmware/partition.h"
#include "firmware/partition_mbn.h"
#include "firmware/rawprogram.h"
#include "firmware/revision.h"
#include "firmware/signing.h"
#include "firmware/source.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::firmware {

/// How a package goes onto a modem.
enum class PackageKind {
  firehose,   ///< 9x07 and later: a rawprogram file and a Firehose programmer
  streaming,  ///< 9x15: loaders in Intel HEX, images by their names; read and judged here, not flashed yet
};

/// How a file stands to md5.txt.
enum class Md5Status {
  listed,      ///< listed, and its digest is right (a wrong one fails read_package)
  not_listed,  ///< md5.txt does not name it
  no_list,     ///< the package has no md5.txt
};

/// What a flash needs a file for.
enum class FileUse {
  image,       ///< it is programmed
  programmer,  ///< it is handed to the modem to do so
  steering,    ///< it says what is programmed where
  about,       ///< it tells of the package: md5.txt, contents.xml, tables that nothing is taken from
  unused,      ///< nobody needs it
};

/// A file of the package, after its one verified pass.
struct PackageFile {
  std::string path;        ///< relative to the package's root: "update/sbl1.mbn"
  std::uint64_t size = 0;  ///< bytes
  Md5 md5{};               ///< of the bytes read; sending compares with it again
  Md5Status status = Md5Status::no_list;
  FileUse use = FileUse::unused;
  std::size_t entry = 0;  ///< index in the source
  Buffer head;            ///< the first bytes (up to 4 KiB), for what it is
  /// All bytes of a small file that steers the flash or ends it (XML, sbl1.mbn, …), kept so that a solid archive need
  /// not be unpacked again for it; nullptr for the others. At most 4 MiB a package.
  std::shared_ptr<const Buffer> content;
  std::optional<Signing> signing;  ///< of a boot image or programmer; nothing for other files
};

/// What the boot images and the programmer say together of who signed them.
struct PackageSigning {
  enum class State {
    unknown,     ///< none of them could be understood
    not_signed,  ///< none has a certificate: a fused modem takes none of them
    is_signed,   ///< all have the same root certificate
    mixed,       ///< some are signed and some not, or by different roots, or one is not understood
  };

  State state = State::unknown;
  Signing signing;  ///< of is_signed: the programmer's, else the first image's
};

/// Whose firmware it is, as far as its images tell. A package of another vendor for the same chip looks much alike.
struct Maker {
  enum class State { unknown, quectel, other };
  State state = State::unknown;
  std::string name;      ///< "Quectel", "SIMCom"; empty when unknown
  std::string evidence;  ///< where that was read: "update/NON-HLOS.ubi"
};

/// Something a person should know about the package.
struct Finding {
  enum class Level { note, warning, error };
  Level level = Level::note;
  std::string id;  ///< "md5-absent-file", "order-trap", "mibib-mismatch"
  std::string text;
};

/// One `program` of the rawprogram file with the file it means; in a streaming package, an image by its name.
struct Image {
  std::size_t file = 0;     ///< index into Package::files
  std::string partition;    ///< name from the MIBIB: "sbl" range -> "SBL"
  SectorRange range;        ///< the partition's range
  std::size_t command = 0;  ///< index into Package::commands
  std::string reason = {};  ///< in a streaming package: why this file goes there
};

/// A firmware package, whole and verified: every byte has been read once.
struct Package {
  PackageKind kind = PackageKind::firehose;
  std::string path;    ///< what the person named
  std::string inside;  ///< the archive within it that holds the package; empty: it does so itself
  std::string root;    ///< folder inside the source: "" or "EG25GGBR07A08M2G_30.006.30.006/"
  std::shared_ptr<Source> source;
  std::vector<PackageFile> files;
  Geometry geometry;                      ///< of the chosen rawprogram; all 0 when the package doesn't say (streaming)
  std::string chip;                       ///< "9x07"; empty when nothing tells
  std::string chip_evidence;              ///< "contents.xml (MDM9607) and the programmer's name"
  Maker maker;                            ///< whose firmware it is
  std::optional<Revision> revision;       ///< what it makes of the modem
  std::string revision_evidence;          ///< where that was read: "update/NON-HLOS.ubi", "the folder's name"
  std::size_t programmer = 0;             ///< index into files: prog_nand_firehose_*.mbn, or NPRG9x15.hex
  std::optional<std::size_t> rawprogram;  ///< index into files; nothing for streaming
  std::vector<RawCommand> commands;       ///< of the rawprogram, in document order
  std::vector<Image> images;              ///< in document order; those of a streaming package have no range
  PartitionTable table;                   ///< the MIBIB it brings; empty for streaming
  std::vector<UserPartition> user_table;  ///< partition.mbn, when it brings one
  PackageSigning signing;
  std::vector<Finding> findings;

  const PackageFile& file(const Image& image) const { return files[image.file]; }
};

/// What the person decided where a package leaves a choice.
struct PackageChoice {
  std::string programmer;  ///< a path or its last part; empty: there must be exactly one
  std::string rawprogram;
  std::string firmware;  ///< which of several: the folder, or the archive, that it lies in
};

/// Reads a whole package: finds its root (also in an archive in an archive), hashes every file in the pass that reads
/// it, parses what steers the flash, and links it together.
/// @param stop  ends the reading
/// @return Code::package_bad with the file that is at fault; Code::usage with the candidates when a choice is open;
///         Code::interrupted
Result<Package> read_package(const std::string& path, const PackageChoice& choice, Events& events,
                             const std::stop_token& stop = {});

/// Reads one small file of the package again, checking its digest.
/// @param limit  Code::package_bad when it is larger
Result<Buffer> read_file(const Package& package, std::size_t file, std::uint64_t limit);

}  // namespace modemedic::firmware
