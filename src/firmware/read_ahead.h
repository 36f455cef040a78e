#pragma once

#include "base/bytes.h"
#include "firmware/source.h"

#include <memory>

namespace modemedic::firmware {

/// Reads a stream in a thread of its own, at most 1 MiB ahead, so that unpacking overlaps what is done with the bytes.
///
/// Its views are full 256 KiB except the last. A failure comes in its place, after the bytes before it. Destroying it
/// stops the thread after the read that it is in (at most one block of an archive).
class ReadAhead final : public Stream {
public:
  static constexpr std::size_t chunk_size = 256_KiB;
  static constexpr std::size_t chunks = 4;

  explicit ReadAhead(std::unique_ptr<Stream> inner);
  ~ReadAhead() override;

  Result<ByteView> read() override;

private:
  struct Ring;
  std::unique_ptr<Ring> ring_;
};

}  // namespace modemedic::firmware
