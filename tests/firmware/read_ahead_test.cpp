#include "firmware/read_ahead.h"

#include "tiny_package.h"

#include <atomic>
#include <semaphore>

#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

/// Gives `bytes` in pieces of a size, then ends or fails.
class PieceStream final : public Stream {
public:
  PieceStream(Buffer bytes, std::size_t piece, bool fails) : bytes_(std::move(bytes)), piece_(piece), fails_(fails) {}

  Result<ByteView> read() override {
    if (at_ == bytes_.size() && fails_) {
      return fail(Code::package_bad).what("cut here");
    }
    auto count = std::min(piece_, bytes_.size() - at_);
    at_ += count;
    return ByteView(bytes_).subspan(at_ - count, count);
  }

private:
  Buffer bytes_;
  std::size_t piece_;
  bool fails_;
  std::size_t at_ = 0;
};

TEST(ReadAhead, GivesTheSameBytesInFullChunks) {
  for (std::size_t size : {0UL, 1UL, 262'143UL, 262'144UL, 262'145UL, 3'000'000UL}) {
    for (std::size_t piece : {1'000UL, 262'144UL, 1'000'000UL}) {
      auto bytes = test::noise(size, 1);
      ReadAhead stream(std::make_unique<PieceStream>(bytes, piece, false));
      Buffer read;
      for (;;) {
        auto chunk = stream.read();
        ASSERT_TRUE(chunk);
        if (chunk->empty()) {
          break;
        }
        EXPECT_TRUE(chunk->size() == ReadAhead::chunk_size || read.size() + chunk->size() == size);
        read.insert(read.end(), chunk->begin(), chunk->end());
      }
      EXPECT_EQ(read, bytes) << size << " in pieces of " << piece;
      EXPECT_TRUE(stream.read().value().empty());
    }
  }
}

TEST(ReadAhead, FailsAfterTheBytesBeforeTheFailure) {
  for (std::size_t size : {0UL, 300'000UL, 524'288UL}) {
    auto bytes = test::noise(size, 1);
    ReadAhead stream(std::make_unique<PieceStream>(bytes, 10'000, true));
    std::size_t read = 0;
    auto chunk = stream.read();
    for (; chunk; chunk = stream.read()) {
      read += chunk->size();
    }
    EXPECT_EQ(read, size);
    EXPECT_EQ(chunk.error().what, "cut here");
    EXPECT_FALSE(stream.read());
  }
}

/// Counts how far it has been read, and never ends.
class EndlessStream final : public Stream {
public:
  explicit EndlessStream(std::atomic<std::size_t>& reads) : reads_(reads) {}

  Result<ByteView> read() override {
    ++reads_;
    reads_.notify_all();
    return ByteView(piece_);
  }

private:
  std::atomic<std::size_t>& reads_;
  Buffer piece_ = Buffer(ReadAhead::chunk_size);
};

TEST(ReadAhead, StaysWithinItsMemory) {
  std::atomic<std::size_t> reads = 0;
  {
    ReadAhead stream(std::make_unique<EndlessStream>(reads));
    for (std::size_t seen = 0; seen < ReadAhead::chunks; seen = reads) {
      reads.wait(seen);
    }
    ASSERT_TRUE(stream.read());
    ASSERT_TRUE(stream.read());  // gives one chunk back, so one more may be read
    for (std::size_t seen = reads; seen < ReadAhead::chunks + 1; seen = reads) {
      reads.wait(seen);
    }
  }
  EXPECT_EQ(reads, ReadAhead::chunks + 1);
}

TEST(ReadAhead, StopsWhenItIsDropped) {
  for (int i = 0; i < 100; ++i) {
    std::atomic<std::size_t> reads = 0;
    ReadAhead stream(std::make_unique<EndlessStream>(reads));
    if (i % 2 == 0) {
      ASSERT_TRUE(stream.read());
    }
  }
}

}  // namespace
}  // namespace modemedic::firmware
