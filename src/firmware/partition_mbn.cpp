#include "firmware/partition_mbn.h"

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::uint64_t magic = 0x1F7D48BCAA7D1B9A;
constexpr std::size_t header_size = 16;
constexpr std::size_t entry_size = 28;
constexpr std::size_t name_size = 16;
constexpr std::uint32_t the_rest = 0xFFFFFFFF;
constexpr std::uint8_t counts_blocks = 0xFE;
constexpr std::uint8_t counts_kib = 0xFF;

Failure bad(std::string what) {
  return fail(Code::package_bad).what("user partition table (partition.mbn): " + std::move(what));
}

}  // namespace

Result<std::vector<UserPartition>> parse_user_table(ByteView bytes) {
  ByteReader in(bytes, Endian::little);
  if (in.u64() != magic) {
    return bad("its magic number is not there");
  }
  in.u32();  // version: 3 and 4 have been seen, with the same entries
  auto count = in.u32();
  if (in.failed() || count == 0 || count > in.rest().size() / entry_size) {
    return bad(fmt::format("it counts {} partitions in {} bytes", count, bytes.size()));
  }
  std::vector<UserPartition> table;
  for (std::uint32_t i = 0; i < count; ++i) {
    UserPartition partition;
    partition.name = in.text(name_size);
    auto size = in.u32();
    partition.size = size == the_rest ? std::nullopt : std::optional(size);
    partition.pad_kib = in.u16();
    partition.which_flash = in.u16();
    for (auto& attribute : partition.attributes) {
      attribute = in.u8();
    }
    partition.in_blocks = in.u8() == counts_blocks;
    if (partition.name.starts_with("0:")) {
      partition.name.erase(0, 2);
    }
    // The loader knows each by its name behind "0:", so there is less room than the field has.
    if (partition.name.empty() || partition.name.size() > name_size - 2 ||
        printable(partition.name) != partition.name) {
      return bad(fmt::format("'{}' is no partition's name", printable(partition.name)));
    }
    table.push_back(std::move(partition));
  }
  return table;
}

std::optional<std::uint32_t> user_table_version(ByteView bytes) {
  ByteReader in(bytes, Endian::little);
  auto found = in.u64();
  auto version = in.u32();
  return found == magic && bytes.size() >= header_size ? std::optional(version) : std::nullopt;
}

Result<PartitionTable> lay_out(const std::vector<UserPartition>& table, const Geometry& geometry) {
  PartitionTable places;
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto& partition = table[i];
    auto left = geometry.blocks - next;
    if (!partition.size && i + 1 != table.size()) {
      return bad(fmt::format("{} takes the rest of the chip, but is not the last", partition.name));
    }
    auto pad = geometry.blocks_for(partition.pad_kib * 1_KiB).n;
    auto size = std::uint64_t{partition.size.value_or(0)};
    auto blocks = partition.in_blocks ? size + pad : geometry.blocks_for((size + partition.pad_kib) * 1_KiB).n;
    if (!partition.size) {
      blocks = left;
    }
    if (blocks == 0 || blocks > left) {
      return bad(fmt::format("{} has {} blocks where {} are left", partition.name, blocks, left));
    }
    places.push_back({partition.name, {geometry.sectors({next}), geometry.sectors({blocks})}});
    next += blocks;
  }
  return places;
}

Buffer make_user_table(const std::vector<UserPartition>& table, std::uint32_t version) {
  ByteWriter out(Endian::little);
  out.u64(magic).u32(version).u32(static_cast<std::uint32_t>(table.size()));
  for (const auto& partition : table) {
    out.text("0:" + partition.name, name_size);
    out.u32(partition.size.value_or(the_rest)).u16(partition.pad_kib).u16(partition.which_flash);
    for (auto attribute : partition.attributes) {
      out.u8(attribute);
    }
    out.u8(partition.in_blocks ? counts_blocks : counts_kib);
  }
  return out.take();
}

}  // namespace modemedic::firmware
