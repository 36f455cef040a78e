#include "virtual/firehose_programmer.h"

#include <fmt/format.h>

namespace modemedic::twin {

DeviceTask FirehoseProgrammer::storage_info() {
  const auto& chip = geometry();
  const auto& persona = setup_.persona;
  Lines lines = {
      "[FLASH_INFO]",
      ";This section provides flash info",
      fmt::format("FLASH_NAME={}", persona.flash_name),
      fmt::format("SECTOR_SIZE_IN_BYTES = {}", chip.page_size),
      fmt::format("NUM_PARTITION_SECTORS = {}", chip.chip_sectors().n),
      "num_physical_partitions = 1",
      fmt::format("TOTAL_SECTOR_SIZE_IN_BYTES= {}", chip.page_size + persona.spare_size),
      fmt::format("PAGES_IN_BLOCK = {}", chip.pages_per_block),
      fmt::format("CONFIGURATION SELECTION FOR THIS DEVICE: BLOCKSIZE:{}KB and PAGESIZE:{}KB", chip.block_size() / 1024,
                  chip.page_size / 1024),
      "\n",
      "[BAD_BLOCK_LIST]",
      ";This section provides bad block list",
  };
  auto heading = lines.size();
  for (std::uint64_t block = 0; block < chip.blocks; ++block) {
    if (setup_.nand.bad(block)) {
      lines.push_back(fmt::format("BAD_BLOCK={}", block));
    }
  }
  lines.push_back(fmt::format("TOTAL_BAD_BLOCK={}", lines.size() - heading));
  lines.push_back(
      fmt::format("{{\"storage_info\": {{\"total_blocks\":{}, \"block_size\":{}, \"page_size\":{}, "
                  "\"mem_type\":\"NAND\", \"prod_name\":\"{}\"}}}}",
                  chip.blocks, chip.block_size(), chip.page_size, persona.flash_name));
  for (const auto& line : lines) {
    co_await log(line);
  }
  co_await respond(true);
}

}  // namespace modemedic::twin
