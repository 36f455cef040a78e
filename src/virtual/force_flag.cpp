#include "virtual/force_flag.h"

#include "virtual/partition_reader.h"

namespace modemedic::twin {

namespace {

constexpr std::uint64_t message_size = 4096;
constexpr std::uint64_t flag_block = 1;

// The message is Android's: 32 bytes of command, then status.
constexpr std::string_view command = "boot_fastboot";
constexpr std::string_view status = "force";
constexpr std::size_t field = 32;

}  // namespace

bool force_fastboot(const Nand& nand, const SectorRange& misc) {
  auto message = PartitionReader(nand, misc).read(nand.geometry().block_size() * flag_block, message_size);
  if (!message) {
    return false;
  }
  auto text = as_text(*message);
  return text.find(command) != std::string_view::npos && text.find(status) != std::string_view::npos;
}

bool clear_force_fastboot(Nand& nand, const SectorRange& misc) {
  auto block = PartitionReader(nand, misc).block(flag_block);
  return block && nand.erase(*block);
}

bool set_force_fastboot(Nand& nand, const SectorRange& misc) {
  auto block = PartitionReader(nand, misc).block(flag_block);
  if (!block || !nand.erase(*block)) {
    return false;
  }
  ByteWriter writer(Endian::little);
  writer.text(command, field).text(status, field);
  writer.fill(message_size - writer.size());
  const auto message = writer.take();
  const auto page_size = nand.geometry().page_size;
  const auto first = *block * nand.geometry().pages_per_block;
  for (std::uint64_t page = 0; page * page_size < message_size; ++page) {
    if (!nand.program(first + page, ByteView(message)
                                        .subspan(page * page_size)
                                        .first(std::min<std::uint64_t>(page_size, message_size - page * page_size)))) {
      return false;
    }
  }
  return true;
}

}  // namespace modemedic::twin
