#include "virtual/fastboot_flasher.h"

#include <algorithm>

namespace modemedic::twin {

DeviceTask FastbootFlasher::write(SectorRange range, ByteView image, std::uint32_t spare) {
  const std::uint64_t pages = nand_.geometry().pages_per_block;
  const auto page_size = nand_.geometry().page_size;
  const auto stride = std::uint64_t{page_size} + spare;
  auto page = range.start.n;
  std::uint64_t offset = 0;
  std::uint64_t block_offset = 0;  ///< of the first page in this block
  while (offset < image.size()) {
    if (page >= range.end().n) {
      ok_ = false;
      co_return;
    }
    const auto block = page / pages;
    if (page % pages == 0) {
      if (nand_.bad(block)) {
        page += pages;
        continue;
      }
      block_offset = offset;
      co_await flash_.erase(block);
    }
    if (flash_.ok()) {
      auto rest = image.subspan(offset);
      co_await flash_.program(page, rest.first(std::min<std::size_t>(rest.size(), page_size)));
    }
    if (!flash_.ok()) {
      nand_.mark_bad(block);
      offset = block_offset;
      page = (block + 1) * pages;
      continue;
    }
    ++page;
    offset += stride;
  }
  ok_ = true;
  co_await erase_rest(page, range.end().n);
}

DeviceTask FastbootFlasher::erase_rest(std::uint64_t page, std::uint64_t end) {
  const std::uint64_t pages = nand_.geometry().pages_per_block;
  auto first = page / pages + (page % pages != 0);
  co_await flash_.erase_good(first, end / pages);
}

DeviceTask FastbootFlasher::erase(SectorRange range) {
  const std::uint64_t pages = nand_.geometry().pages_per_block;
  auto end = range.end().n / pages;
  co_await flash_.erase_good(range.start.n / pages, end);
  ok_ = !nand_.bad(end - 1) && flash_.ok();
}

}  // namespace modemedic::twin
