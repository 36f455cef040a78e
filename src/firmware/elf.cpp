#include "base/digest.h"
#include "firmware/blank.h"
#include "firmware/elf_segments.h"
#include "firmware/mbn.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

// ELF32 (System V ABI) as Qualcomm's boot chain uses it; hash segment: docs/protocols/images.md.
constexpr std::uint32_t elf_magic = 0x464C457F;
constexpr std::size_t elf_header_size = 52;
constexpr std::size_t program_header_size = 32;
constexpr std::uint8_t class_32 = 1;
constexpr std::uint16_t type_executable = 2;
constexpr std::uint16_t machine_arm = 40;
constexpr std::uint32_t eabi_5 = 0x05000002;
constexpr std::uint32_t type_load = 1;

// Qualcomm's own bits of p_flags.
constexpr std::uint32_t kind_shift = 24;
constexpr std::uint32_t kind_headers = 7;

constexpr std::uint32_t mbn_header_size = 40;
constexpr std::uint32_t mbn_version = 3;
constexpr std::uint32_t mbn_version_latest = 7;
constexpr std::size_t sha1_size = 20;
constexpr std::size_t sha256_size = 32;

constexpr std::uint32_t alignment = 4096;
constexpr std::uint64_t longest_padding = 4096;

Failure bad(std::string what) {
  return fail(Code::package_bad).what("ELF: " + std::move(what));
}

bool zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

/// The hash table, one entry a segment; empty when it is of a kind that is not known here.
Result<ByteView> read_hash_table(ByteView hash_segment) {
  if (hash_segment.size() < mbn_header_size || blank(hash_segment.first(mbn_header_size))) {
    return bad("its hash segment is blank");
  }
  ByteReader header(hash_segment, Endian::little);
  header.u32();  // image id
  auto version = header.u32();
  header.take(12);  // offset, address, size with signature and certificates
  auto size = header.u32();
  if (version > mbn_version && version <= mbn_version_latest) {
    return ByteView{};  // later families: SHA-384 and more in front of the table
  }
  if (version != mbn_version || size > hash_segment.size() - mbn_header_size) {
    return bad("its hash segment makes no sense");
  }
  return hash_segment.subspan(mbn_header_size, size);
}

template <typename Digest>
Result<void> compare(ByteView bytes, const std::vector<ElfSegment>& segments, ByteView table) {
  constexpr auto entry_size = std::tuple_size_v<Digest>;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    auto expected = table.subspan(i * entry_size, entry_size);
    const auto& segment = segments[i];
    if (segment.size == 0 || zero(expected)) {
      continue;  // nothing to hash, or the hash segment itself
    }
    if (!std::ranges::equal(digest<Digest>(bytes.subspan(segment.offset, segment.size)), expected)) {
      return bad(fmt::format("segment {} ({} bytes at {}) is not what the hash segment says", i, segment.size,
                             segment.offset));
    }
  }
  return {};
}

Result<void> check_hashes(ByteView bytes, const std::vector<ElfSegment>& segments, const ElfSegment& hashes) {
  TRY_ASSIGN(auto table, read_hash_table(hashes.size == 0 ? ByteView{} : bytes.subspan(hashes.offset, hashes.size)));
  if (std::ranges::any_of(segments, &ElfSegment::paged)) {
    return {};  // one entry a page; seen on none of these modems
  }
  if (table.size() == segments.size() * sha256_size) {
    return compare<Sha256>(bytes, segments, table);
  }
  if (table.size() == segments.size() * sha1_size) {
    return compare<Sha1>(bytes, segments, table);
  }
  return {};
}

struct NewSegment {
  std::uint32_t type = 0;
  std::uint32_t offset = 0;
  std::uint32_t address = 0;
  std::uint32_t size = 0;
  std::uint32_t flags = 0;
};

Buffer make_headers(const std::vector<NewSegment>& segments, std::uint32_t entry) {
  ByteWriter out(Endian::little);
  out.u32(elf_magic).u8(class_32).u8(1).u8(1).fill(9);  // little endian, version 1
  out.u16(type_executable).u16(machine_arm).u32(1).u32(entry);
  out.u32(elf_header_size).u32(0).u32(eabi_5);
  out.u16(elf_header_size).u16(program_header_size).u16(static_cast<std::uint16_t>(segments.size()));
  out.u16(0).u16(0).u16(0);  // no sections
  for (const auto& segment : segments) {
    out.u32(segment.type).u32(segment.offset).u32(segment.address).u32(segment.address);
    out.u32(segment.size).u32(segment.size).u32(segment.flags).u32(segment.type == type_load ? alignment : 0);
  }
  return out.take();
}

}  // namespace

std::uint64_t elf_overhead() {
  return std::uint64_t{2} * alignment;  // headers, hash segment
}

Buffer make_elf(std::span<const ByteView> segments, std::uint32_t load_address, const MbnSignature& signature) {
  auto count = segments.size() + 2;
  auto signature_size = static_cast<std::uint32_t>(signature.signature.size());
  auto certificates_size = static_cast<std::uint32_t>(signature.certificates.size());
  auto headers_size = static_cast<std::uint32_t>(elf_header_size + count * program_header_size);
  auto table_size = static_cast<std::uint32_t>(count * sha256_size);
  std::vector<NewSegment> table = {
      {0, 0, 0, headers_size, kind_headers << kind_shift},
      {0, alignment, load_address - alignment, mbn_header_size + table_size + signature_size + certificates_size,
       hash_segment_kind << kind_shift}};
  auto offset = static_cast<std::uint32_t>(elf_overhead());
  auto address = load_address;
  for (auto segment : segments) {
    auto size = static_cast<std::uint32_t>(segment.size());
    table.push_back({type_load, offset, address, size, 5});  // read, execute
    offset += size;
    address += size;
  }

  auto headers = make_headers(table, load_address);
  ByteWriter out(Endian::little);
  out.bytes(headers).fill(alignment - headers.size());
  auto behind_table = load_address - alignment + mbn_header_size + table_size;
  out.u32(0).u32(mbn_version).u32(0).u32(load_address - alignment + mbn_header_size);
  out.u32(table_size + signature_size + certificates_size).u32(table_size);
  out.u32(signature_size == 0 ? 0 : behind_table).u32(signature_size);
  out.u32(certificates_size == 0 ? 0 : behind_table + signature_size).u32(certificates_size);
  out.bytes(digest<Sha256>(headers)).fill(sha256_size);
  for (auto segment : segments) {
    out.bytes(digest<Sha256>(segment));
  }
  out.bytes(signature.signature).bytes(signature.certificates);
  out.fill(elf_overhead() - out.size());
  for (auto segment : segments) {
    out.bytes(segment);
  }
  return out.take();
}

Result<std::uint64_t> check_elf(ByteView bytes) {
  if (is_elf_64(bytes)) {
    return used_size(bytes);  // programmers of later families
  }
  TRY_ASSIGN(auto segments, read_elf_segments(bytes, bytes.size()));
  std::uint64_t end = 0;
  for (const auto& segment : segments) {
    end = std::max(end, segment.size == 0 ? 0 : segment.end());
  }
  auto hashes = std::ranges::find(segments, hash_segment_kind, &ElfSegment::kind);
  if (hashes != segments.end()) {
    TRY(check_hashes(bytes, segments, *hashes));
  } else if (auto used = used_size(bytes); used + longest_padding < end) {
    return bad(fmt::format("its segments end at byte {}, all behind byte {} is blank", end, used));
  }
  return end;
}

}  // namespace modemedic::firmware
