#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "firmware/revision.h"
#include "virtual/persona.h"

#include <functional>
#include <string>
#include <vector>

/// Firmware of our own making with the real shape, for tests, demos and the twin. Nothing of a vendor is in it.
namespace modemedic::twin {

/// How big the images are.
enum class Scale {
  real,   ///< sizes of a real release: 75 to 100 MB in all
  small,  ///< a few pages to a few blocks each: for tests by the thousand, and what a fresh twin is born with
};

/// A generated file: its size is known, its bytes are made as they are asked for (memory stays small).
struct GeneratedFile {
  std::string path;  ///< "update/firehose/prog_nand_firehose_9x07.mbn"; '/' separated
  std::uint64_t size = 0;
  /// Calls `sink` with the bytes in order, in pieces; stops at the first false it returns.
  std::function<void(const std::function<bool(ByteView)>& sink)> write;

  /// All of it, for small files and tests.
  Buffer bytes() const;
};

/// Ways in which a generated package may differ from a good one.
struct GeneratorOptions {
  Scale scale = Scale::real;
  /// rawprogram as Debian's qdl takes it: each program with label, last_sector and file_sector_offset, '/' in paths,
  /// and in an order that ends well when it is run top to bottom.
  bool qdl_form = false;
  bool split_image = true;    ///< 9x15: with yaffs_head.aa and .ab, as some releases have them
  bool factory_too = false;   ///< a rawprogram file with _factory in its name beside the one with _update
  bool other_vendor = false;  ///< the same from a vendor that is not Quectel: no revision name of ours in it
  std::string signed_by =
      {};  ///< sign the boot images with this authority of our own (signing_authority.h); empty: don't
};

/// The files of a package for this persona and revision, in directory order: with md5.txt, but for a 9x15.
/// @return Code::usage when the revision's order code is none of this persona's making
Result<std::vector<GeneratedFile>> generate_package(const Persona& persona, const firmware::Revision& revision,
                                                    const GeneratorOptions& options);

/// Writes a package as a folder, or as one archive when `out` ends in .zip, .7z, .tar.
/// @return Code::io; Code::usage when `out` exists already
Result<void> write_package(const std::vector<GeneratedFile>& files, const std::string& out);

/// Writes firmware straight into a blank chip as the factory would: table, images, EFS with IMEI and calibration.
/// Skips bad blocks as the programmer does.
Result<void> provision(Nand& nand, const Persona& persona, const firmware::Revision& revision, std::string_view serial,
                       Scale scale);

}  // namespace modemedic::twin
