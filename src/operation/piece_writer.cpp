#include "operation/piece_writer.h"

#include "base/write_all.h"
#include "operation/read_sectors.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace modemedic::operation {

PieceWriter::PieceWriter(std::filesystem::path path, SectorRange range, const Geometry& geometry)
    : path_(std::move(path)), range_(range), geometry_(geometry) {}

Result<void> PieceWriter::open() {
  file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  return file_.is_open() ? Result<void>{} : fail_errno(errno, "write " + printable(path_.string()));
}

Result<void> PieceWriter::take(ByteView bytes) {
  while (!bytes.empty()) {
    if (sector_.empty() && bytes.size() >= geometry_.page_size) {
      TRY(take_sector(bytes.first(geometry_.page_size)));
      bytes = bytes.subspan(geometry_.page_size);
      continue;
    }
    auto part = bytes.first(std::min<std::size_t>(bytes.size(), geometry_.page_size - sector_.size()));
    sector_.insert(sector_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (sector_.size() == geometry_.page_size) {
      auto whole = std::exchange(sector_, {});
      TRY(take_sector(whole));
    }
  }
  return {};
}

Result<void> PieceWriter::take_sector(ByteView sector) {
  auto number = range_.start.n + seen_++;
  auto fill = blank_fill(sector);
  if (tail_ > 0 && fill != tail_fill_) {
    const Buffer blank(geometry_.page_size, *tail_fill_);
    for (; tail_ > 0; --tail_) {
      TRY(write(blank));
    }
  }
  tail_fill_ = fill;
  if (fill) {
    ++tail_;
    return {};
  }
  if (shows_unreadable(sector)) {
    unreadable_.push_back(number);
  }
  return write(sector);
}

Result<void> PieceWriter::write(ByteView bytes) {
  hasher_.update(bytes);
  auto number = file_.is_open() ? write_all(file_, bytes) : 0;
  return number == 0 ? Result<void>{} : fail_errno(number, "write " + printable(path_.string()));
}

Result<void> PieceWriter::finish(BackupPiece& piece) {
  if (seen_ != range_.count.n) {
    return fail(Code::bug).what("a piece of a backup came with another size than asked for");
  }
  if (file_.is_open() && ::fsync(file_.get()) != 0) {
    return fail_errno(errno, "write " + printable(path_.string()));
  }
  piece.stored = range_.count.n - tail_;
  piece.digest = hex_digits(hasher_.finish());
  piece.unreadable = std::move(unreadable_);
  return {};
}

}  // namespace modemedic::operation
