#pragma once

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "firmware/package.h"

#include <memory>
#include <string>

namespace modemedic::firmware {

/// One file of a verified package, on its way to the modem: its bytes in order, hashed again as they go.
///
/// Reading (and unpacking, or hashing) runs in a thread of its own a little ahead, so that it overlaps the transfer;
/// memory stays at about 1 MiB whatever the file's size. One reader is open on a package at a time.
///
///     TRY_ASSIGN(auto reader, ImageReader::open(package, image.file));
///     for (;;) {
///       TRY_ASSIGN(auto chunk, reader->next(16384));
///       if (chunk.empty()) break;
///       TRY(pipe.send(chunk, …));
///     }
///     TRY(reader->verify());
class ImageReader {
public:
  /// @param file  index into package.files
  /// @return Code::io, Code::package_bad when the source cannot be opened any more
  static Result<std::unique_ptr<ImageReader>> open(const Package& package, std::size_t file);

  ~ImageReader();
  ImageReader(const ImageReader&) = delete;
  ImageReader& operator=(const ImageReader&) = delete;

  /// Exactly `want` bytes, or the shorter rest, or nothing at the end. The view holds until the next call. Not copied
  /// as long as `want` stays the same power of two of up to 256 KiB.
  /// @return Code::package_bad when the file is shorter now, or the archive is damaged; Code::io
  Result<ByteView> next(std::size_t want);

  /// Bytes the file has, as verified.
  std::uint64_t size() const;

  /// Bytes handed out so far.
  std::uint64_t position() const;

  /// To be asked when all bytes are out: are they the ones that were verified?
  /// @return Code::package_bad: the file changed while it was being flashed
  Result<void> verify();

private:
  struct State;
  explicit ImageReader(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace modemedic::firmware
