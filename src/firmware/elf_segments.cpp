#include "firmware/elf_segments.h"

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::uint32_t magic = 0x464C457F;
constexpr std::size_t header_size_32 = 52;
constexpr std::size_t header_size_64 = 64;
constexpr std::uint16_t entry_size_32 = 32;
constexpr std::uint16_t entry_size_64 = 56;
constexpr std::uint16_t type_executable = 2;
constexpr std::uint16_t machine_arm = 40;
constexpr std::uint16_t machine_aarch64 = 183;
constexpr unsigned most_segments = 128;

Failure bad(std::string what) {
  return fail(Code::package_bad).what("ELF: " + std::move(what));
}

ElfSegment read_entry_32(ByteReader& in) {
  ElfSegment segment{.type = in.u32()};
  segment.offset = in.u32();
  in.take(8);  // addresses
  segment.size = in.u32();
  in.u32();  // size in memory
  segment.flags = in.u32();
  in.u32();  // alignment
  return segment;
}

ElfSegment read_entry_64(ByteReader& in) {
  ElfSegment segment{.type = in.u32(), .flags = in.u32()};
  segment.offset = in.u64();
  in.take(16);  // addresses
  segment.size = in.u64();
  in.take(16);  // size in memory, alignment
  return segment;
}

}  // namespace

bool is_elf(ByteView bytes) {
  return bytes.size() >= header_size_32 && load<std::uint32_t>(bytes.data(), Endian::little) == magic;
}

bool is_elf_64(ByteView bytes) {
  return is_elf(bytes) && bytes[4] == std::byte{2};
}

Result<std::vector<ElfSegment>> read_elf_segments(ByteView bytes, std::uint64_t file_size) {
  if (!is_elf(bytes)) {
    return bad("it does not start like one");
  }
  bool wide = is_elf_64(bytes);
  if (bytes.size() < (wide ? header_size_64 : header_size_32)) {
    return bad("it is cut within its header");
  }
  ByteReader header(bytes, Endian::little);
  header.take(16);
  auto type = header.u16();
  auto machine = header.u16();
  header.take(wide ? 12 : 8);  // version, entry
  std::uint64_t table = wide ? header.u64() : header.u32();
  header.take(wide ? 14 : 10);  // section headers' offset, flags, header's size
  auto entry_size = header.u16();
  auto count = header.u16();
  if (type != type_executable || (machine != machine_arm && machine != machine_aarch64)) {
    return bad(fmt::format("it is no ARM program (type {}, machine {})", type, machine));
  }
  if (entry_size != (wide ? entry_size_64 : entry_size_32) || count == 0 || count > most_segments) {
    return bad(fmt::format("{} program headers of {} bytes", count, entry_size));
  }
  std::uint64_t table_size = std::uint64_t{count} * entry_size;
  if (table > bytes.size() || table_size > bytes.size() - table) {
    return bad("it is cut within its program headers");
  }

  std::vector<ElfSegment> segments;
  std::uint64_t covered = 0;
  ByteReader entries(bytes.subspan(table, table_size), Endian::little);
  for (unsigned i = 0; i < count; ++i) {
    auto segment = wide ? read_entry_64(entries) : read_entry_32(entries);
    if (segment.size != 0 && (segment.offset > file_size || segment.size > file_size - segment.offset)) {
      return bad(fmt::format("it is cut: segment {} has {} bytes at {}, {} are there", i, segment.size, segment.offset,
                             file_size));
    }
    covered += segment.size;
    segments.push_back(segment);
  }
  if (covered > 2 * file_size) {
    return bad("its segments lie over each other");  // and would take long to hash
  }
  return segments;
}

}  // namespace modemedic::firmware
