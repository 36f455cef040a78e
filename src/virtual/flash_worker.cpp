#include "virtual/flash_worker.h"

namespace modemedic::twin {

using std::chrono::microseconds;

DeviceTask FlashWorker::erase(std::uint64_t block) {
  erasing_ = block;
  co_await link_.passed(microseconds(timing_.erase_block_us));
  erasing_.reset();
  ok_ = nand_.erase(block);
}

DeviceTask FlashWorker::erase_good(std::uint64_t first, std::uint64_t end) {
  ok_ = true;
  for (auto block = first; block < end; ++block) {
    if (!nand_.bad(block)) {
      co_await erase(block);
    }
  }
}

DeviceTask FlashWorker::program(std::uint64_t page, ByteView data) {
  programming_ = page;
  co_await link_.passed(microseconds(timing_.program_page_us));
  programming_.reset();
  last_page_ = page;
  ok_ = nand_.program(page, data);
}

void FlashWorker::power_cut() {
  if (erasing_) {
    nand_.tear_block(*erasing_);
  }
  if (programming_) {
    nand_.tear_page(*programming_);
  }
}

}  // namespace modemedic::twin
