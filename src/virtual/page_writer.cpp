#include "virtual/page_writer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr std::uint64_t pages_in_flight = 4;

}  // namespace

PageWriter::PageWriter(Nand& nand, SectorRange range) : nand_(nand), range_(range), next_(range.start.n) {}

void PageWriter::write(ByteView pages, Logs& logs) {
  const auto& geometry = nand_.geometry();
  while (pages.size() >= geometry.page_size && !failed_) {
    auto count = std::min<std::uint64_t>(pages.size() / geometry.page_size, pages_in_flight);
    if (!skip_bad_blocks()) {
      give_up(count, logs);
      return;
    }
    count = std::min(count, geometry.pages_per_block - next_ % geometry.pages_per_block);
    auto data = pages.first(count * geometry.page_size);
    write_group({next_, count, data}, logs);
    next_ += count;
    pages = pages.subspan(data.size());
  }
}

/// Moves on to the next good block; nothing stops it at the range's end. False at the chip's end.
bool PageWriter::skip_bad_blocks() {
  const auto& geometry = nand_.geometry();
  auto end = geometry.chip_sectors().n;
  while (next_ < end && nand_.bad(next_ / geometry.pages_per_block)) {
    next_ = (next_ / geometry.pages_per_block + 1) * geometry.pages_per_block;
  }
  return next_ < end;
}

void PageWriter::write_group(const Group& group, Logs& logs) {
  for (auto page = group.first; page < group.first + group.count; ++page) {
    last_ = page;
    if (!nand_.program(page, page_data(group, page))) {
      recover(group, page, logs);
      return;
    }
  }
}

ByteView PageWriter::page_data(const Group& group, std::uint64_t page) const {
  auto page_size = nand_.geometry().page_size;
  return group.data.subspan((page - group.first) * page_size, page_size);
}

/// The programmer's recovery of a failed page: it brings back one page of the group and takes the others for written.
/// Its one sign is the address that doesn't come out right.
void PageWriter::recover(const Group& group, std::uint64_t failing, Logs& logs) {
  const auto& geometry = nand_.geometry();
  if (range_.start.n % geometry.pages_per_block != 0) {
    // It counts blocks from the start it was given: with one inside a block it blames good ones.
    for (auto page = failing; page < range_.end().n; page += geometry.pages_per_block) {
      nand_.mark_bad(page / geometry.pages_per_block);
    }
    give_up(group.count, logs);
    return;
  }
  if (!rewrite(group, failing)) {
    give_up(group.count, logs);
    return;
  }
  if (group.count > 1) {
    logs.push_back(fmt::format("current_sector_address {} mismatch with new_sector_address {}",
                               group.first + group.count, group.first + 1));
  }
}

/// Erases the block and writes it anew: all that was there but the group, and of the group the failed page only.
bool PageWriter::rewrite(const Group& group, std::uint64_t failing) {
  const auto& geometry = nand_.geometry();
  auto block = failing / geometry.pages_per_block;
  std::vector<std::pair<std::uint64_t, Buffer>> pages;
  for (auto page = block * geometry.pages_per_block; page < (block + 1) * geometry.pages_per_block; ++page) {
    auto content = page == failing ? page_data(group, page) : nand_.peek(page);
    auto in_group = page >= group.first && page < group.first + group.count;
    if ((page == failing || !in_group) && !content.empty()) {
      pages.emplace_back(page, Buffer(content.begin(), content.end()));
    }
  }
  if (!nand_.erase(block)) {
    return false;
  }
  return std::all_of(pages.begin(), pages.end(),
                     [this](const auto& page) { return nand_.program(page.first, page.second); });
}

void PageWriter::give_up(std::uint64_t count, Logs& logs) {
  logs.push_back(fmt::format("flash write failed at sector address {} till {}", next_, next_ + count));
  logs.emplace_back("Write failed errno 0");
  failed_ = true;
}

void PageWriter::tear_next() {
  if (!failed_ && skip_bad_blocks()) {
    nand_.tear_page(next_);
  }
}

void PageWriter::tear_last() {
  if (last_) {
    nand_.tear_page(*last_);
  }
}

}  // namespace modemedic::twin
