#include "virtual/firehose_reader.h"

namespace modemedic::twin {

namespace {

constexpr std::size_t max_packet = 512;
constexpr Duration patience = std::chrono::milliseconds(50);

}  // namespace

/// Counts bytes of the first transfer as read; its URB completes when all of them are.
void FirehoseReader::consume(std::size_t count) {
  auto& out = link_.out();
  consumed_ += count;
  if (consumed_ == out.front().data.size()) {
    consumed_ = 0;
    out.accept();
  }
}

bool FirehoseReader::Text::ready() {
  auto& out = reader_.link_.out();
  while (out.waiting()) {
    auto transfer = out.front();
    auto rest = transfer.data.subspan(reader_.consumed_);
    auto count = std::min(rest.size(), text_size - reader_.filled_);
    std::transform(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count),
                   reader_.memory_.begin() + static_cast<std::ptrdiff_t>(reader_.filled_),
                   [](std::byte byte) { return std::to_integer<char>(byte); });
    reader_.filled_ += count;
    auto short_packet = count == rest.size() && transfer.data.size() % max_packet != 0;
    reader_.consume(count);
    if (short_packet || reader_.filled_ == text_size) {
      length_ = std::exchange(reader_.filled_, 0);
      return true;
    }
  }
  return false;
}

FirehoseReader::Raw::Raw(FirehoseReader& reader, std::size_t size) : Wait(reader.link_), reader_(reader), size_(size) {
  reader_.held_.clear();
}

bool FirehoseReader::Raw::deliver(ByteView data) {
  chunk_.data = data;
  return true;
}

/// Takes what it can of the first waiting transfer. True when that completes the read.
bool FirehoseReader::Raw::take(const OutEndpoint::Transfer& transfer) {
  auto& held = reader_.held_;
  auto rest = transfer.data.subspan(reader_.consumed_);
  auto count = std::min(rest.size(), size_ - held.size());
  auto complete = rest.size() > count || transfer.ended;
  if (complete && held.empty()) {
    reader_.lent_ = count;
    return deliver(rest.first(count));
  }
  held.insert(held.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
  reader_.consume(count);
  if (held.size() == size_) {
    reader_.held_since_ = reader_.link_.now();
  }
  return complete && deliver(held);
}

bool FirehoseReader::Raw::ready() {
  auto& out = reader_.link_.out();
  while (out.waiting()) {
    auto transfer = out.front();
    auto zlp = transfer.data.empty();
    if (reader_.held_.size() == size_ && !zlp) {
      chunk_.spoiled = link().now() - reader_.held_since_ > patience;
      return deliver(reader_.held_);  // what has come now belongs to the next read
    }
    if (zlp) {
      out.accept();
      if (!reader_.held_.empty()) {
        return deliver(reader_.held_);
      }
    } else if (take(transfer)) {
      return true;
    }
  }
  return false;
}

void FirehoseReader::release() {
  if (auto count = std::exchange(lent_, 0); count != 0) {
    consume(count);
  }
}

FirehoseReader::Chunk FirehoseReader::keep(const Chunk& chunk) {
  if (lent_ != 0) {
    held_.assign(chunk.data.begin(), chunk.data.end());
    release();
    return {held_, chunk.spoiled};
  }
  return chunk;
}

}  // namespace modemedic::twin
