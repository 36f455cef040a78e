#pragma once

#include "virtual/device_link.h"

#include <array>
#include <cstddef>
#include <span>

namespace modemedic::twin {

/// How the programmer reads what the host sends, with all that follows from who ends a transfer and how
/// (facts: programmer-9x07.md, trap 6).
///
/// A text read ends at a short packet or when its 4096 bytes are full. It doesn't see ZLPs, so that a document whose
/// length is a multiple of 512 is glued to the next one.
///
/// A raw read ends at a short packet or a ZLP. When it is exactly full it ends only with the ZLP behind it, or when
/// more data come within 50 ms; data that come later spoil it.
class FirehoseReader {
public:
  static constexpr std::size_t text_size = 4096;  ///< bytes of the text buffer

  explicit FirehoseReader(DeviceLink& link) : link_(link) {}

  /// `co_await reader.text()`: the length of the text that now stands at the start of memory().
  class Text final : public DeviceLink::Wait {
  public:
    explicit Text(FirehoseReader& reader) : Wait(reader.link_), reader_(reader) {}

    bool ready() override;

    std::size_t await_resume() const { return length_; }

  private:
    FirehoseReader& reader_;
    std::size_t length_ = 0;
  };

  Text text() { return Text(*this); }

  /// The text buffer. What an earlier, longer text left behind the present one's end is still there.
  std::span<const char> memory() const { return memory_; }

  struct Chunk {
    ByteView data;         ///< valid until release() or the next read
    bool spoiled = false;  ///< data came after the 50 ms: glued to the next read
  };

  /// `co_await reader.raw(size)`: up to `size` bytes. Bytes that wait as one piece are handed out where the host has
  /// them, and its URB completes with release(): until then, don't wait for anything.
  class Raw final : public DeviceLink::Wait {
  public:
    Raw(FirehoseReader& reader, std::size_t size);

    bool ready() override;

    Chunk await_resume() const { return chunk_; }

  private:
    bool take(const OutEndpoint::Transfer& transfer);
    bool deliver(ByteView data);

    FirehoseReader& reader_;
    std::size_t size_;
    Chunk chunk_;
  };

  Raw raw(std::size_t size) { return {*this, size}; }

  /// The chunk has been worked up: the host's URB that ended with it completes.
  void release();

  /// Like release(), but keeps a copy: the chunk's data stay valid while the program waits.
  Chunk keep(const Chunk& chunk);

private:
  void consume(std::size_t count);

  DeviceLink& link_;
  std::size_t consumed_ = 0;  ///< of the first waiting transfer
  std::size_t lent_ = 0;      ///< bytes of the first waiting transfer that a chunk shows
  std::array<char, text_size> memory_{};
  std::size_t filled_ = 0;  ///< of memory_
  Buffer held_;             ///< of a raw read that isn't complete
  TimePoint held_since_;    ///< when held_ became full
};

}  // namespace modemedic::twin
