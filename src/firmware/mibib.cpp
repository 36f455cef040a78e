#include "firmware/mibib.h"

#include "base/digest.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

// Layout: docs/protocols/mibib.md. Page 0 is the MIBIB's own, page 1 the table, page 2 blank, page 3 the CRC.
constexpr std::uint64_t mibib_magic = 0xCD7F127AFE569FAC;
constexpr std::uint64_t table_magic = 0xE35EBDDB55EE73AA;
constexpr std::uint64_t crc_magic = 0xF1DED2EA9D41BEA1;
constexpr std::uint32_t version = 4;
constexpr std::uint32_t crc_version = 1;
constexpr std::size_t header_size = 16;
constexpr std::size_t entry_size = 28;
constexpr std::size_t name_size = 16;
constexpr std::uint32_t to_chip_end = 0xFFFFFFFF;

Failure bad(std::string what) {
  return fail(Code::package_bad)
      .what("partition table (MIBIB): " + std::move(what))
      .hint("this table can't be trusted with a chip; get the package again, or one for this modem");
}

std::string without_prefix(std::string name) {
  if (name.starts_with("0:")) {
    name.erase(0, 2);
  }
  return name;
}

Result<Partition> read_entry(ByteReader& entries, const Geometry& geometry) {
  auto name = without_prefix(entries.text(name_size));
  std::uint64_t start = entries.u32();
  auto stored_length = entries.u32();
  entries.take(4);  // attributes and the flash's number

  auto shown = printable(name);
  if (name.empty() || shown != name) {
    return bad(fmt::format("'{}' is no partition's name", shown));
  }
  if (start >= geometry.blocks) {
    return bad(fmt::format("{} starts at block {}, the chip has {}", shown, start, geometry.blocks));
  }
  auto length = stored_length == to_chip_end ? geometry.blocks - start : stored_length;
  if (length == 0 || length > geometry.blocks - start) {
    return bad(
        fmt::format("{} has {} blocks from block {}, the chip has {} in all", shown, length, start, geometry.blocks));
  }
  return Partition{std::move(name), {geometry.sectors({start}), geometry.sectors({length})}};
}

Result<void> check_against(const PartitionTable& table, const Partition& partition) {
  for (const auto& other : table) {
    if (other.name == partition.name) {
      return bad(fmt::format("two partitions are named {}", partition.name));
    }
    if (other.range.overlaps(partition.range)) {
      return bad(fmt::format("{} and {} overlap", other.name, partition.name));
    }
  }
  return {};
}

Result<void> check_crc(ByteView bytes, std::size_t page) {
  ByteReader stored(bytes.subspan(3 * page, header_size), Endian::little);
  if (stored.u64() != crc_magic || stored.u32() != crc_version) {
    return bad("the page with its CRC is missing");
  }
  auto expected = stored.u32();
  auto crc = crc32_mibib(0, bytes.first(2 * page));
  if (crc != expected) {
    return bad(fmt::format("CRC is {:08x}, its bytes give {:08x}", expected, crc));
  }
  return {};
}

}  // namespace

Result<PartitionTable> parse_mibib(ByteView bytes, const Geometry& geometry) {
  std::size_t page = geometry.page_size;
  if (page < header_size + entry_size || bytes.size() / 4 < page) {
    return bad(fmt::format("{} bytes are less than its four pages of {}", bytes.size(), page));
  }

  ByteReader own(bytes.first(page), Endian::little);
  if (own.u64() != mibib_magic) {
    return bad("its magic number is not there");
  }
  if (auto found = own.u32(); found != version) {
    return bad(fmt::format("version {}, only {} is known", found, version));
  }

  ByteReader entries(bytes.subspan(page, page), Endian::little);
  if (entries.u64() != table_magic || entries.u32() != version) {
    return bad(fmt::format("no table at byte {}: is it for another page size?", page));
  }
  TRY(check_crc(bytes, page));

  auto count = entries.u32();
  if (count == 0 || count > (page - header_size) / entry_size) {
    return bad(fmt::format("it counts {} partitions, a page holds 1 to {}", count, (page - header_size) / entry_size));
  }
  PartitionTable table;
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY_ASSIGN(auto partition, read_entry(entries, geometry));
    TRY(check_against(table, partition));
    table.push_back(std::move(partition));
  }
  return table;
}

Buffer make_mibib(const PartitionTable& table, const Geometry& geometry) {
  std::size_t page = geometry.page_size;
  ByteWriter out(Endian::little);
  auto fill_page = [&] { out.fill((page - out.size() % page) % page, std::byte{0xFF}); };

  out.u64(mibib_magic).u32(version).u32(1);  // age 1: the first table this chip has had
  fill_page();

  out.u64(table_magic).u32(version).u32(static_cast<std::uint32_t>(table.size()));
  for (const auto& partition : table) {
    out.text("0:" + partition.name, name_size);
    out.u32(static_cast<std::uint32_t>(partition.range.start.n / geometry.pages_per_block));
    out.u32(static_cast<std::uint32_t>(partition.range.count.n / geometry.pages_per_block));
    out.u8(0xFF).u8(0x01).u8(0x00).u8(0x00);
  }
  fill_page();
  out.fill(page, std::byte{0xFF});

  auto pages = out.take();
  auto crc = crc32_mibib(0, ByteView(pages).first(2 * page));
  ByteWriter last(Endian::little);
  last.u64(crc_magic).u32(crc_version).u32(crc).fill(page - header_size, std::byte{0xFF});
  auto tail = last.take();
  pages.insert(pages.end(), tail.begin(), tail.end());
  return pages;
}

}  // namespace modemedic::firmware
