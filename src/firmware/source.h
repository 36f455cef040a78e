#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <functional>
#include <memory>
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
};

/// Opens a folder, .zip, .7z or .tar[.gz|.xz] (told apart by content).
/// @return Code::package_bad: not an archive, a dangerous path, more than 100,000 entries, an unpacked size that is
///         beyond reason; Code::io: no such file
Result<std::unique_ptr<Source>> open_source(const std::string& path);

}  // namespace modemedic::firmware
