#include "firmware/image_reader.h"

#include "firmware/read_ahead.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

/// Passes a stream on and hashes it on the way.
class HashingStream final : public Stream {
public:
  HashingStream(std::unique_ptr<Stream> inner, Hasher<Md5>& hasher) : inner_(std::move(inner)), hasher_(hasher) {}

  Result<ByteView> read() override {
    TRY_ASSIGN(auto chunk, inner_->read());
    hasher_.update(chunk);
    return chunk;
  }

private:
  std::unique_ptr<Stream> inner_;
  Hasher<Md5>& hasher_;
};

/// A small file that the package still holds.
class MemoryStream final : public Stream {
public:
  explicit MemoryStream(std::shared_ptr<const Buffer> content) : content_(std::move(content)) {}

  Result<ByteView> read() override { return std::exchange(read_, true) ? ByteView{} : ByteView(*content_); }

private:
  std::shared_ptr<const Buffer> content_;
  bool read_ = false;
};

Failure changed(const PackageFile& file) {
  return fail(Code::package_bad)
      .what(fmt::format("{} changed while it was being flashed", printable(file.path)))
      .hint("leave the package alone until the flash ends; flash it again from a whole copy");
}

}  // namespace

struct ImageReader::State {
  PackageFile file;
  std::shared_ptr<Source> source;
  Hasher<Md5> hasher;
  std::unique_ptr<Stream> stream;  ///< its thread may use the hasher: gone first

  ByteView pending;  ///< of the stream's last chunk, not handed out yet
  Buffer joined;     ///< where a piece over the seam of two chunks is put together
  std::uint64_t position = 0;

  /// The next piece as long as `want` in one view if the stream gives it so, else put together.
  Result<ByteView> take(std::size_t want) {
    if (pending.empty()) {
      TRY_ASSIGN(pending, stream->read());
    }
    if (pending.size() >= want) {
      return split(want);
    }
    joined.clear();
    while (joined.size() < want && !pending.empty()) {
      auto part = split(std::min(pending.size(), want - joined.size()));
      joined.insert(joined.end(), part.begin(), part.end());
      if (pending.empty() && joined.size() < want) {
        TRY_ASSIGN(pending, stream->read());
      }
    }
    return ByteView(joined);
  }

  ByteView split(std::size_t count) {
    auto front = pending.first(count);
    pending = pending.subspan(count);
    return front;
  }
};

ImageReader::ImageReader(std::unique_ptr<State> state) : state_(std::move(state)) {}

ImageReader::~ImageReader() = default;

Result<std::unique_ptr<ImageReader>> ImageReader::open(const Package& package, std::size_t file) {
  auto state = std::make_unique<State>();
  state->file = package.files.at(file);
  state->source = package.source;
  if (state->file.content) {
    state->stream = std::make_unique<HashingStream>(std::make_unique<MemoryStream>(state->file.content), state->hasher);
  } else {
    TRY_ASSIGN(auto stream, state->source->open(state->file.entry));
    // The thread that reads ahead gets the longer part of the work: unpacking, or else hashing.
    if (state->source->packed()) {
      auto ahead = std::make_unique<ReadAhead>(std::move(stream));
      state->stream = std::make_unique<HashingStream>(std::move(ahead), state->hasher);
    } else {
      auto hashing = std::make_unique<HashingStream>(std::move(stream), state->hasher);
      state->stream = std::make_unique<ReadAhead>(std::move(hashing));
    }
  }
  return std::unique_ptr<ImageReader>(new ImageReader(std::move(state)));
}

Result<ByteView> ImageReader::next(std::size_t want) {
  auto& state = *state_;
  auto rest = state.file.size - state.position;
  auto expected = static_cast<std::size_t>(std::min<std::uint64_t>(want, rest));
  if (expected == 0) {
    return ByteView{};
  }
  TRY_ASSIGN(auto piece, state.take(expected));
  if (piece.size() != expected) {
    return changed(state.file);
  }
  state.position += piece.size();
  return piece;
}

std::uint64_t ImageReader::size() const {
  return state_->file.size;
}

std::uint64_t ImageReader::position() const {
  return state_->position;
}

Result<void> ImageReader::verify() {
  auto& state = *state_;
  if (state.position != state.file.size) {
    return fail(Code::bug).what(fmt::format("{} was asked to be verified after {} of {} bytes",
                                            printable(state.file.path), state.position, state.file.size));
  }
  if (state.pending.empty()) {
    TRY_ASSIGN(state.pending, state.stream->read());
  }
  if (!state.pending.empty() || state.hasher.finish() != state.file.md5) {
    return changed(state.file);
  }
  return {};
}

}  // namespace modemedic::firmware
