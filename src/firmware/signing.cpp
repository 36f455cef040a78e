#include "firmware/signing.h"

#include "firmware/certificate_chain.h"
#include "firmware/elf_segments.h"
#include "firmware/mbn.h"

#include <algorithm>

namespace modemedic::firmware {

namespace {

constexpr std::size_t mbn_header_size = 40;
constexpr std::uint32_t mbn_version = 3;
constexpr std::uint64_t most_trailing = 4096;

/// The 40-byte header of a hash segment, or of a whole image on its own.
struct MbnHeader {
  std::uint32_t version = 0;
  std::uint64_t image_size = 0;
  std::uint64_t code_size = 0;
  std::uint64_t signature_size = 0;
  std::uint64_t certificates_size = 0;

  std::uint64_t certificates() const { return mbn_header_size + code_size + signature_size; }

  /// Nothing in it contradicts `size`, the bytes that there are.
  bool holds_within(std::uint64_t size) const {
    return version == mbn_version && code_size > 0 && image_size == code_size + signature_size + certificates_size &&
           mbn_header_size + image_size <= size;
  }
};

std::optional<MbnHeader> read_header(ByteView bytes) {
  ByteReader in(bytes, Endian::little);
  in.u32();  // image id
  MbnHeader header{.version = in.u32()};
  in.take(8);  // offset, address
  header.image_size = in.u32();
  header.code_size = in.u32();
  in.u32();  // the signature's address
  header.signature_size = in.u32();
  in.u32();  // the certificates' address
  header.certificates_size = in.u32();
  return in.failed() ? std::nullopt : std::optional(header);
}

/// `size` bytes at `at` of a file of which `bytes` is the first part; nothing when they are not in it.
std::optional<ByteView> part(ByteView bytes, std::uint64_t at, std::uint64_t size) {
  if (at > bytes.size() || size > bytes.size() - at) {
    return std::nullopt;
  }
  return bytes.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size));
}

std::optional<Signing> of_hash_segment(ByteView segment) {
  auto header = read_header(segment);
  if (!header) {
    return std::nullopt;
  }
  if (header->holds_within(segment.size())) {
    return read_certificate_chain(segment.subspan(header->certificates(), header->certificates_size));
  }
  if (header->version > mbn_version) {
    // Later families have more fields in front of the table, and no public description: the chain is looked for.
    return read_certificate_chain(find_certificate_chain(segment.subspan(mbn_header_size)));
  }
  return std::nullopt;
}

std::optional<Signing> of_elf(ByteView bytes, std::uint64_t file_size) {
  auto segments = read_elf_segments(bytes, file_size);
  if (!segments) {
    return std::nullopt;
  }
  auto hashes = std::ranges::find(*segments, hash_segment_kind, &ElfSegment::kind);
  if (hashes == segments->end()) {
    return Signing{};
  }
  auto segment = part(bytes, hashes->offset, hashes->size);
  return segment ? of_hash_segment(*segment) : std::nullopt;
}

std::optional<Signing> of_mbn(ByteView bytes, std::uint64_t file_size) {
  auto header = read_header(bytes);
  if (!header || !header->holds_within(file_size) || mbn_header_size + header->image_size + most_trailing < file_size) {
    return std::nullopt;
  }
  auto chain = part(bytes, header->certificates(), header->certificates_size);
  return chain ? std::optional(read_certificate_chain(*chain)) : std::nullopt;
}

}  // namespace

std::optional<Signing> read_signing(ByteView bytes, std::uint64_t file_size) {
  if (is_elf(bytes)) {
    return of_elf(bytes, file_size);
  }
  if (has_sbl_code_word(bytes)) {
    auto chain = sbl_certificates(bytes);
    return chain ? std::optional(read_certificate_chain(*chain)) : std::nullopt;
  }
  return of_mbn(bytes, file_size);
}

}  // namespace modemedic::firmware
