#include "virtual/streamed_image.h"

#include <algorithm>
#include <vector>

namespace modemedic::twin {

StreamedImage::StreamedImage(FlashWorker& flash, Nand& nand, const SectorRange& range, OnFailure on_failure)
    : flash_(flash), nand_(nand), range_(range), on_failure_(on_failure), next_(range.start.n) {}

DeviceTask StreamedImage::write(ByteView data) {
  const auto page_size = nand_.geometry().page_size;
  offset_ += data.size();
  while (ok_ && !data.empty()) {
    auto count = std::min<std::size_t>(data.size(), page_size - page_.size());
    page_.insert(page_.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(count));
    data = data.subspan(count);
    if (page_.size() == page_size) {
      co_await program();
      page_.clear();
    }
  }
}

DeviceTask StreamedImage::finish() {
  if (ok_ && !page_.empty()) {
    co_await program();
    page_.clear();
  }
}

bool StreamedImage::skip_bad_blocks() {
  const auto pages = nand_.geometry().pages_per_block;
  while (next_ < range_.end().n && nand_.bad(next_ / pages)) {
    next_ = (next_ / pages + 1) * pages;
  }
  return next_ < range_.end().n;
}

DeviceTask StreamedImage::program() {
  ok_ = skip_bad_blocks();
  if (!ok_) {
    co_return;
  }
  co_await flash_.program(next_, page_);
  ok_ = flash_.ok();
  if (!ok_ && on_failure_ == OnFailure::relocate) {
    co_await relocate();
  }
  ++next_;
}

/// The block of next_ failed: what it held so far goes to the next good one, and the page that failed behind it.
DeviceTask StreamedImage::relocate() {
  const auto pages = nand_.geometry().pages_per_block;
  while (!ok_) {
    const auto block = next_ / pages;
    std::vector<Buffer> before;
    for (auto page = block * pages; page < next_; ++page) {
      auto bytes = nand_.peek(page);
      before.emplace_back(bytes.begin(), bytes.end());
    }
    nand_.mark_bad(block);
    if (!skip_bad_blocks()) {
      co_return;
    }
    ok_ = true;
    for (const auto& page : before) {
      co_await flash_.program(next_++, page);
      ok_ = ok_ && flash_.ok();
    }
    co_await flash_.program(next_, page_);
    ok_ = ok_ && flash_.ok();
  }
}

}  // namespace modemedic::twin
