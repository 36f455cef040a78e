#include "virtual/page_reader.h"

#include <algorithm>
#include <array>

namespace modemedic::twin {

namespace {

constexpr std::byte bad_block_fill{0xBB};
constexpr std::byte unreadable_fill{0xDD};
constexpr std::array unreadable_mark = {std::byte{0xDE}, std::byte{0xAD}, std::byte{0xD0}, std::byte{0x0D}};

}  // namespace

PageReader::PageReader(const Nand& nand, SectorRange range, Form form)
    : nand_(nand),
      form_(form),
      next_(range.start.n),
      end_(form.bad_blocks == BadBlocks::run_on ? nand.geometry().chip_sectors().n : range.end().n) {}

void PageReader::read(std::span<std::byte> into) {
  for (; !into.empty(); into = into.subspan(sector_size())) {
    read_sector(into.first(sector_size()));
  }
}

bool PageReader::in_bad_block() const {
  return nand_.bad(next_ / nand_.geometry().pages_per_block);
}

void PageReader::read_sector(std::span<std::byte> into) {
  auto pages_per_block = nand_.geometry().pages_per_block;
  while (form_.bad_blocks != BadBlocks::keep_position && next_ < end_ && in_bad_block()) {
    next_ = (next_ / pages_per_block + 1) * pages_per_block;
  }
  if (next_ >= end_) {
    std::fill(into.begin(), into.end(), std::byte{0xFF});
    return;
  }
  if (in_bad_block()) {
    std::fill(into.begin(), into.end(), bad_block_fill);
  } else {
    read_page(into);
  }
  ++next_;
}

void PageReader::read_page(std::span<std::byte> into) const {
  auto page = into.first(nand_.geometry().page_size);
  auto spare = into.subspan(page.size());
  std::fill(spare.begin(), spare.end(), std::byte{0xFF});
  switch (nand_.state(next_)) {
    case Nand::PageState::erased:
      std::fill(page.begin(), page.end(), form_.erased_fill);
      break;
    case Nand::PageState::programmed:
      nand_.read(next_, page);
      break;
    case Nand::PageState::torn:
      std::fill(page.begin(), page.end(), unreadable_fill);
      std::copy(unreadable_mark.begin(), unreadable_mark.end(), page.begin());
      break;
  }
}

}  // namespace modemedic::twin
