#include "firmware/ubi_watch.h"

#include "firmware/blank.h"
#include "firmware/ubi_format.h"

#include <algorithm>

namespace modemedic::firmware {

namespace {

constexpr std::string_view first_bytes = "UBI#";
constexpr std::uint64_t smallest_block = 16_KiB;
constexpr std::uint64_t largest_block = 512_KiB;
constexpr std::uint64_t usual_pages_per_block = 64;

void append(Buffer& buffer, ByteView bytes) {
  buffer.insert(buffer.end(), bytes.begin(), bytes.end());
}

/// Where the second header stands; for an image of a single block, what its page size usually goes with.
std::uint64_t block_size_of(ByteView start) {
  for (auto size = smallest_block; size <= largest_block && size < start.size(); size *= 2) {
    if (ubi::decode_ec(start.subspan(static_cast<std::size_t>(size)))) {
      return size;
    }
  }
  auto header = ubi::decode_ec(start);
  return header && header->data_offset > header->vid_offset
             ? (header->data_offset - header->vid_offset) * usual_pages_per_block
             : 0;
}

}  // namespace

void UbiWatch::feed(ByteView chunk) {
  if (state_ == State::blocks) {
    take_blocks(chunk);
    return;
  }
  if (state_ == State::start) {
    append(pending_, chunk);
    if (pending_.size() >= first_bytes.size() && !as_text(pending_).starts_with(first_bytes)) {
      state_ = State::not_ubi;
      pending_ = {};
    } else if (pending_.size() > largest_block + ubi::header_size) {
      begin();
    }
  }
}

void UbiWatch::begin() {
  state_ = State::blocks;
  block_size_ = block_size_of(pending_);
  if (block_size_ < smallest_block || block_size_ > largest_block) {
    block_size_ = 0;
    pending_ = {};
    return;
  }
  scan_.emplace(block_size_);
  Buffer start;
  start.swap(pending_);
  take_blocks(start);
}

void UbiWatch::take_blocks(ByteView bytes) {
  if (block_size_ == 0) {
    return;
  }
  while (!bytes.empty()) {
    if (pending_.empty() && bytes.size() >= block_size_) {
      scan_->block(bytes.first(static_cast<std::size_t>(block_size_)));
      bytes = bytes.subspan(static_cast<std::size_t>(block_size_));
      ++blocks_;
      continue;
    }
    auto part = bytes.first(std::min<std::size_t>(bytes.size(), block_size_ - pending_.size()));
    append(pending_, part);
    bytes = bytes.subspan(part.size());
    if (pending_.size() == block_size_) {
      scan_->block(ByteView(pending_));
      pending_.clear();
      ++blocks_;
    }
  }
}

std::optional<UbiReport> UbiWatch::finish() {
  if (state_ == State::start && as_text(pending_).starts_with(first_bytes)) {
    begin();
  }
  if (state_ != State::blocks) {
    return std::nullopt;
  }
  UbiReport report;
  if (block_size_ == 0) {
    report.problem = "no two of its headers (\"UBI#\") stand where those of blocks do";
    return report;
  }
  // A maker's padding behind the last block does no harm.
  if (!pending_.empty() && !blank(pending_)) {
    scan_->block(ByteView(pending_));
  }
  report.block_size = block_size_;
  report.blocks = blocks_;
  auto summary = scan_->finish();
  if (summary) {
    report.page_size = summary->page_size;
  } else {
    report.problem = summary.error().what;
  }
  return report;
}

}  // namespace modemedic::firmware
