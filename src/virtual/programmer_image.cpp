#include "virtual/programmer_image.h"

#include "base/digest.h"

#include <algorithm>
#include <array>

namespace modemedic::twin {

namespace {

// ELF32 (System V ABI), and Qualcomm's use of p_flags and of the hash segment (docs/protocols/sahara.md).
constexpr std::uint32_t elf_header_size = 0x34;
constexpr std::uint32_t program_header_size = 0x20;
constexpr std::uint32_t most_program_headers = 64;
constexpr std::uint32_t type_load = 1;
constexpr unsigned kind_shift = 24;
constexpr std::uint32_t kind_mask = 7;
constexpr std::uint32_t kind_hashes = 2;
constexpr std::array<std::uint8_t, 6> elf_arm_32 = {0x7F, 'E', 'L', 'F', 1, 1};
constexpr std::uint16_t machine_arm = 40;

constexpr std::uint32_t read_size = 4096;
constexpr std::uint32_t memory_size = 16U << 20U;  ///< no programmer of this family comes near it

constexpr std::size_t hash_size = 32;

/// The 40-byte header of the hash segment; behind it table, signature, certificates.
struct HashHeader {
  std::uint32_t table_size = 0;
  std::uint32_t signature_size = 0;
  std::uint32_t certificates_size = 0;

  static constexpr std::size_t size = 40;

  std::uint64_t end() const { return std::uint64_t{size} + table_size + signature_size + certificates_size; }
};

std::optional<HashHeader> read_hash_header(ByteView segment) {
  ByteReader reader(segment, Endian::little);
  reader.take(20);  // image id, version, source, address, size
  HashHeader header;
  header.table_size = reader.u32();
  reader.u32();  // signature's address
  header.signature_size = reader.u32();
  reader.u32();  // certificates' address
  header.certificates_size = reader.u32();
  if (reader.failed() || header.end() > segment.size()) {
    return std::nullopt;
  }
  return header;
}

/// The last of the DER certificates that follow each other: the root.
ByteView root_certificate(ByteView certificates) {
  constexpr std::size_t der_header = 4;  // 30 82 and a big-endian length
  ByteView root;
  while (certificates.size() >= der_header && certificates[0] == std::byte{0x30} &&
         certificates[1] == std::byte{0x82}) {
    auto size = der_header + load<std::uint16_t>(certificates.data() + 2, Endian::big);
    if (size > certificates.size()) {
      break;
    }
    root = certificates.first(size);
    certificates = certificates.subspan(size);
  }
  return root;
}

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

std::optional<ProgrammerImage::Part> ProgrammerImage::next() const {
  if (headers_.length == 0) {
    return Part{0, elf_header_size};
  }
  if (segments_.empty()) {
    return headers_;
  }
  if (reading_ == to_read_.size()) {
    return std::nullopt;
  }
  const auto& segment = segments_[to_read_[reading_]];
  return Part{segment.offset + read_, std::min(read_size, segment.size - read_)};
}

SaharaStatus ProgrammerImage::take(ByteView bytes) {
  auto part = next();
  if (!part || bytes.size() != part->length) {
    return SaharaStatus::invalid_receive_length;
  }
  bytes_.resize(std::max<std::size_t>(bytes_.size(), std::size_t{part->offset} + part->length));
  std::ranges::copy(bytes, bytes_.begin() + part->offset);
  if (headers_.length == 0) {
    return take_header();
  }
  if (segments_.empty()) {
    return take_program_headers();
  }
  read_ += part->length;
  if (read_ == segments_[to_read_[reading_]].size) {
    ++reading_;
    read_ = 0;
  }
  return SaharaStatus::success;
}

SaharaStatus ProgrammerImage::take_header() {
  if (!std::ranges::equal(ByteView(bytes_).first(elf_arm_32.size()), std::as_bytes(std::span(elf_arm_32)))) {
    return SaharaStatus::invalid_elf_header;
  }
  ByteReader reader(bytes_, Endian::little);
  reader.take(18);  // identification, type
  auto machine = reader.u16();
  reader.take(8);  // version, entry
  auto table = reader.u32();
  reader.take(10);  // section headers' offset, flags, header's size
  auto entry_size = reader.u16();
  auto count = reader.u16();
  if (machine != machine_arm) {
    return SaharaStatus::invalid_elf_header;
  }
  if (table == 0) {
    return SaharaStatus::no_program_headers;
  }
  if (entry_size != program_header_size) {
    return SaharaStatus::program_header_size;
  }
  if (count == 0 || count > most_program_headers) {
    return SaharaStatus::program_header_count;
  }
  if (table > memory_size) {
    return SaharaStatus::invalid_data_size;
  }
  headers_ = {table, count * program_header_size};
  return SaharaStatus::success;
}

SaharaStatus ProgrammerImage::take_program_headers() {
  ByteReader reader(ByteView(bytes_).subspan(headers_.offset, headers_.length), Endian::little);
  for (std::size_t i = 0; i < headers_.length / program_header_size; ++i) {
    auto type = reader.u32();
    Segment segment;
    segment.offset = reader.u32();
    reader.take(8);  // addresses
    segment.size = reader.u32();
    reader.u32();  // size in memory
    segment.kind = reader.u32() >> kind_shift & kind_mask;
    reader.u32();  // alignment
    if (segment.offset > memory_size || segment.size > memory_size) {
      return SaharaStatus::invalid_data_size;
    }
    segment.read = segment.size != 0 && (type == type_load || segment.kind == kind_hashes);
    segments_.push_back(segment);
    if (segment.read) {
      to_read_.push_back(i);
    }
  }
  std::stable_partition(to_read_.begin(), to_read_.end(),
                        [this](std::size_t i) { return segments_[i].kind == kind_hashes; });
  return SaharaStatus::success;
}

const ProgrammerImage::Segment* ProgrammerImage::hash_segment() const {
  auto found = std::ranges::find_if(segments_, [](const Segment& s) { return s.kind == kind_hashes && s.read; });
  return found == segments_.end() ? nullptr : &*found;
}

ByteView ProgrammerImage::bytes_of(const Segment& segment) const {
  auto view = ByteView(bytes_);
  auto start = std::min<std::size_t>(segment.offset, view.size());
  return view.subspan(start, std::min<std::size_t>(segment.size, view.size() - start));
}

SaharaStatus ProgrammerImage::verify() const {
  const auto* hashes = hash_segment();
  if (hashes == nullptr) {
    return SaharaStatus::success;
  }
  auto content = bytes_of(*hashes);
  auto header = read_hash_header(content);
  if (!header || header->table_size != segments_.size() * hash_size) {
    return SaharaStatus::hash_table_size;
  }
  auto table = content.subspan(HashHeader::size);
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const auto& segment = segments_[i];
    auto expected = table.subspan(i * hash_size, hash_size);
    if (&segment == hashes || segment.size == 0 || all_zero(expected)) {
      continue;
    }
    if (!std::ranges::equal(digest<Sha256>(bytes_of(segment)), expected)) {
      return SaharaStatus::segment_hash_mismatch;
    }
  }
  return SaharaStatus::success;
}

SaharaStatus ProgrammerImage::authenticate(const std::string& pk_hash) const {
  const auto* hashes = hash_segment();
  if (hashes == nullptr) {
    return SaharaStatus::not_authenticated;
  }
  auto content = bytes_of(*hashes);
  auto header = read_hash_header(content);
  if (!header || header->signature_size == 0) {
    return SaharaStatus::not_authenticated;
  }
  auto certificates = content.subspan(header->end() - header->certificates_size, header->certificates_size);
  auto root = root_certificate(certificates);
  if (root.empty() || hex_digits(digest<Sha256>(root)) != pk_hash) {
    return SaharaStatus::not_authenticated;
  }
  return SaharaStatus::success;
}

}  // namespace modemedic::twin
