#include "virtual/crash_memory.h"

#include <array>
#include <string_view>

namespace modemedic::twin {

namespace {

struct Region {
  std::uint32_t address;
  std::uint32_t length;  ///< bytes, small: read() hands out a region at once
  std::string_view description;
  std::string_view file;
};

constexpr std::array regions = {
    Region{0x08610000, 0x4000, "OCIMEM", "OCIMEM.BIN"},
    Region{0x00400000, 0x8000, "CODERAM", "CODERAM.BIN"},
    Region{0x004AB000, 4, "Reset status region", "RST_STAT.BIN"},
};

constexpr std::uint32_t kind_memory = 1;
constexpr std::size_t text_width = 20;

}  // namespace

Buffer CrashMemory::table() const {
  ByteWriter table(Endian::little);
  for (const auto& region : regions) {
    table.u32(kind_memory).u32(region.address).u32(region.length);
    table.text(region.description, text_width).text(region.file, text_width);
  }
  return table.take();
}

/// A region's content is of no meaning, but each word of it tells modem and address.
std::optional<Buffer> CrashMemory::read(std::uint32_t address, std::uint32_t length) const {
  if (auto bytes = table(); address >= table_address && address - table_address <= bytes.size()) {
    auto start = address - table_address;
    if (length > bytes.size() - start) {
      return std::nullopt;
    }
    auto part = ByteView(bytes).subspan(start, length);
    return Buffer(part.begin(), part.end());
  }
  for (const auto& region : regions) {
    if (address < region.address || address - region.address > region.length ||
        length > region.length - (address - region.address)) {
      continue;
    }
    ByteWriter content(Endian::little);
    auto first = address & ~3U;
    for (auto word = first; content.size() < length + (address - first); word += 4) {
      content.u32(word ^ serial_);
    }
    auto bytes = content.take();
    auto part = ByteView(bytes).subspan(address - first, length);
    return Buffer(part.begin(), part.end());
  }
  return std::nullopt;
}

}  // namespace modemedic::twin
