#include "virtual/firehose_programmer.h"

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr std::uint64_t whole_chip = 0xFFFFFFFF;
constexpr std::uint64_t benchmark_blocks = 16;
constexpr auto erase_failure = "ERROR 6: Line 1520: STORAGE_DEVICE_ERASE_FAILURE";

}  // namespace

/// SECTOR_SIZE_IN_BYTES and PAGES_PER_BLOCK are not looked at (trap 5).
DeviceTask FirehoseProgrammer::erase() {
  auto pages_per_block = geometry().pages_per_block;
  auto start = number(Attribute::start_sector);
  auto count = number(Attribute::num_partition_sectors);
  if (start == not_provided) {
    co_await refuse("Attribute 'start_sector' not provided (or -1)");
    co_return;
  }
  auto shown = static_cast<std::int64_t>(start);
  co_await log(fmt::format("start_sector = {} and num_partition_sectors =0x{:x})", shown, count));
  if (count == whole_chip && start == 0) {
    co_await log("Erasing entire FLASH chip");
    co_await erase_blocks(0, geometry().blocks);
  } else if (count == whole_chip) {
    co_await refuse(
        fmt::format("num_partition_sectors =0x{:x} too high and start_sector:{} not equal to zero", count, shown));
  } else if (start % pages_per_block != 0) {
    co_await refuse("start_sector unaligned");
  } else if (count % pages_per_block != 0) {
    co_await refuse("num_partition_sectors unaligned");
  } else if (count == 0) {
    co_await log("num_blocks to erase are ZERO");
    co_await respond(true);
  } else {
    auto first = start / pages_per_block;
    co_await erase_blocks(first, first + count / pages_per_block);
  }
}

/// Erases [first, end) and answers.
DeviceTask FirehoseProgrammer::erase_blocks(std::uint64_t first, std::uint64_t end) {
  auto total = geometry().blocks;
  if (const auto* slow = setup_.faults.find("slow-erase")) {
    auto longer = std::chrono::seconds(slow->argument);
    setup_.faults.strikes("slow-erase", "");
    co_await link_.passed(longer);
  }
  if (end > total) {
    co_await log("Block erase request exceeding total number of blocks");
    co_await log(fmt::format("start_block:{},last_block:{},total_block_count:{}", first, end, total));
    co_await refuse(erase_failure);
    co_return;
  }
  for (auto block = first; block < end; ++block) {
    if (setup_.nand.bad(block)) {
      co_await log(fmt::format("Skipping:\tbad block 0x{:x}", block));
      continue;
    }
    auto each = work_time(setup_.persona.timing.erase_block_us);
    work_ = Work{link_.now(), each, block};
    co_await link_.passed(each);
    work_.reset();
    if (setup_.nand.erase(block)) {
      continue;
    }
    if (block != 0) {
      co_await log(fmt::format("--- Error: device failed during erase of block 0x{:x}", block));
      co_await refuse(erase_failure);
      co_return;
    }
    co_await log("Skipping erase failure at block 0x0");
  }
  co_await respond(true);
}

/// Never to be sent: TestWritePerformance takes the flash from block 0 on for its playground.
DeviceTask FirehoseProgrammer::benchmark() {
  if (!flag(Attribute::test_write_performance)) {
    co_await refuse("benchmark needs TestWritePerformance");
    co_return;
  }
  co_await erase_blocks(0, std::min(benchmark_blocks, geometry().blocks));
}

}  // namespace modemedic::twin
