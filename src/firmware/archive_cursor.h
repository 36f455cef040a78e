#pragma once

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "firmware/archive_source.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct archive;

namespace modemedic::firmware {

/// An archive's file, open for as long as anyone reads from it.
struct ArchiveFile {
  Descriptor handle;
  ArchiveKind kind = ArchiveKind::zip;
  std::string label;  ///< how errors name it
  std::uint64_t size = 0;

  static Result<std::shared_ptr<ArchiveFile>> open(Descriptor handle, ArchiveKind kind, const std::string& label);
};

/// What an archive says of one entry.
struct ArchiveHeader {
  enum class Kind { file, folder, other };
  Kind kind = Kind::other;
  bool is_link = false;  ///< why it is `other`
  std::string path;      ///< as the archive spells it
  std::uint64_t size = 0;
};

/// libarchive's way through an archive: forward only, entry by entry. Every call into the library is in here.
class ArchiveCursor {
public:
  explicit ArchiveCursor(std::shared_ptr<ArchiveFile> file);
  ~ArchiveCursor();
  ArchiveCursor(const ArchiveCursor&) = delete;
  ArchiveCursor& operator=(const ArchiveCursor&) = delete;

  /// To be called once, before all else.
  Result<void> start();

  /// The next header, nothing at the end.
  Result<std::optional<ArchiveHeader>> next();

  /// The next bytes of the current entry, empty at its end; the view holds until the next call.
  Result<ByteView> read();

  /// How many headers have been read: 1 for the first.
  std::size_t number() const { return number_; }

  /// Bytes of the archive itself that have been read.
  std::uint64_t packed_position() const;

  /// The failure of an entry that is not what its header promised.
  Failure damaged(const std::string& why) const;

private:
  struct Free {
    void operator()(archive* handle) const;
  };

  struct Input;

  Failure library_failure() const;

  std::shared_ptr<ArchiveFile> file_;
  std::unique_ptr<Input> input_;  ///< what libarchive reads from; outlives it
  std::unique_ptr<archive, Free> archive_;
  std::size_t number_ = 0;
  std::string current_;  ///< the current entry's path, for errors
  std::uint64_t position_ = 0;
};

}  // namespace modemedic::firmware
