#include "virtual/partition_reader.h"

#include <algorithm>

namespace modemedic::twin {

PartitionReader::PartitionReader(const Nand& nand, const SectorRange& range)
    : nand_(nand), pages_per_block_(nand.geometry().pages_per_block), page_size_(nand.geometry().page_size) {
  const auto end = std::min(range.end().n / pages_per_block_, nand.geometry().blocks);
  for (auto block = range.start.n / pages_per_block_; block < end; ++block) {
    if (!nand.bad(block)) {
      blocks_.push_back(block);
    }
  }
}

std::uint64_t PartitionReader::chip_page(std::uint64_t page) const {
  return blocks_[page / pages_per_block_] * pages_per_block_ + page % pages_per_block_;
}

bool PartitionReader::blank() const {
  return blocks_.empty() || nand_.state(chip_page(0)) == Nand::PageState::erased;
}

PartitionReader::Written PartitionReader::written() const {
  Written found;
  for (std::uint64_t page = 0; page < pages(); ++page) {
    auto bytes = nand_.peek(chip_page(page));
    if (bytes.empty()) {
      found.torn = nand_.state(chip_page(page)) == Nand::PageState::torn;
      break;
    }
    found.bytes.insert(found.bytes.end(), bytes.begin(), bytes.end());
  }
  return found;
}

std::optional<Buffer> PartitionReader::read(std::uint64_t offset, std::uint64_t size) const {
  const auto whole = pages() * page_size_;
  if (offset > whole || size > whole - offset) {
    return std::nullopt;
  }
  const auto first = offset / page_size_;
  const auto end = (offset + size + page_size_ - 1) / page_size_;
  Buffer bytes((end - first) * page_size_);
  for (auto page = first; page < end; ++page) {
    if (!nand_.read(chip_page(page), std::span(bytes).subspan((page - first) * page_size_, page_size_))) {
      return std::nullopt;
    }
  }
  auto start = bytes.begin() + static_cast<std::ptrdiff_t>(offset % page_size_);
  return Buffer(start, start + static_cast<std::ptrdiff_t>(size));
}

std::optional<std::uint64_t> PartitionReader::block(std::uint64_t n) const {
  return n < blocks_.size() ? std::optional(blocks_[n]) : std::nullopt;
}

PartitionReader::BlockState PartitionReader::read_block(std::uint64_t n, Buffer& into) const {
  const auto first = blocks_[n] * pages_per_block_;
  auto erased = true;
  for (auto page = first; page < first + pages_per_block_; ++page) {
    switch (nand_.state(page)) {
      case Nand::PageState::torn:
        return BlockState::torn;
      case Nand::PageState::programmed:
        erased = false;
        break;
      case Nand::PageState::erased:
        break;
    }
  }
  if (erased) {
    return BlockState::erased;
  }
  into.resize(pages_per_block_ * page_size_);
  for (std::uint64_t page = 0; page < pages_per_block_; ++page) {
    nand_.read(first + page, std::span(into).subspan(page * page_size_, page_size_));
  }
  return BlockState::readable;
}

}  // namespace modemedic::twin
