#pragma once

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/error.h"

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::firmware {

/// A regular file of a package.
struct SourceEntry {
  std::string path;        ///< relative, '/' separated, never climbs out: "update/firehose/patch_p2K_b128K.xml"
  std::uint64_t size = 0;  ///< bytes
};

/// One file's bytes from start to end.
class Stream {
public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  /// The next bytes, empty at the end. The view holds until the next call.
  /// @return Code::package_bad (archive cut, CRC wrong), Code::io
  virtual Result<ByteView> read() = 0;
};

/// Where a package's files lie: a folder, or an archive read as a stream (nothing is unpacked to disk, memory is
/// bounded whatever the archive says). Paths that climb out, absolute ones, links and devices are refused when it is
/// opened, so an entry's path is safe to print and compare.
class Source {
public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// All files, in the order in which they are cheapest to read.
  virtual const std::vector<SourceEntry>& entries() const = 0;

  /// Reading costs decompression, so it's worth a thread of its own (read_ahead.h).
  virtual bool packed() const = 0;

  /// Opens entries()[index]. One stream is open at a time; opening entries in order reads an archive once.
  virtual Result<std::unique_ptr<Stream>> open(std::size_t index) = 0;

  /// entries()[index] where it is a file of its own that can be read in any order; else none.
  virtual Result<Descriptor> open_file(std::size_t /*index*/) { return Descriptor(); }
};

/// Looks at the files of an archive that can only be walked from start to end (.tar.gz) while it is being listed, so
/// that it need not be unpacked a second time for that.
class FirstLook {
public:
  /// How far the walk is in the archive's own bytes.
  struct Position {
    std::uint64_t done = 0;
    std::uint64_t size = 0;
  };

  FirstLook() = default;
  FirstLook(const FirstLook&) = delete;
  FirstLook& operator=(const FirstLook&) = delete;
  virtual ~FirstLook() = default;

  /// @param stream  good until the call returns; need not be read
  virtual Result<void> see(const SourceEntry& entry, Stream& stream, Position position) = 0;
};

/// Opens a folder, .zip, .7z or .tar[.gz|.xz] (told apart by content).
/// @param look  told of every file of an archive without a directory; nullptr: nobody wants to know
/// @return Code::package_bad: not an archive, a dangerous path, more than 100,000 entries, an unpacked size that is
///         beyond reason; Code::io: no such file; Code::interrupted. Errors speak of "it", and don't name `path`
Result<std::unique_ptr<Source>> open_source(const std::string& path, FirstLook* look = nullptr,
                                            const std::stop_token& stop = {});

/// Does this path's ending say that it is an archive?
bool is_archive_name(std::string_view path);

/// Opens the archive that is a file of another source. Out of an archive its bytes go to a temporary file that has no
/// name (in TMPDIR, else /tmp), because a .zip begins at its end; no more than 1 GiB.
Result<std::unique_ptr<Source>> open_inner_archive(Source& outer, std::size_t index, FirstLook* look = nullptr,
                                                   const std::stop_token& stop = {});

/// The failure of what was stopped before anything went to a modem.
Failure stopped_reading();

}  // namespace modemedic::firmware
