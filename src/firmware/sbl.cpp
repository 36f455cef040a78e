#include "base/digest.h"
#include "firmware/mbn.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

// The code word as the boot ROM reads it: flash code word, magic, and "find the page size by yourself".
constexpr std::uint32_t code_word = 0x844BDCD1;
constexpr std::uint32_t magic = 0x73D71034;
constexpr std::uint32_t detect_page_size = 0x7D0B435A;
constexpr std::size_t code_word_size = 12;

constexpr std::size_t header_size = 80;
constexpr std::uint32_t sbl1_image = 0x15;
constexpr std::uint32_t load_address = 0x40010000;
constexpr std::uint32_t digest_size = 32;

// The header stands on a page's start behind the preamble; page sizes are multiples of this.
constexpr std::size_t smallest_page = 2048;
constexpr std::size_t last_header = 16384;

// Says in the preamble that the image carries its own digest, so that a missing header is known to be damage.
constexpr std::string_view our_mark = "modemedic virtual SBL";

// A vendor's padding may be 0xFF; more of it than this at the end means that the end was never written.
constexpr std::uint64_t longest_padding = 4096;

struct Header {
  std::uint64_t at = 0;
  std::uint64_t image_size = 0;
  std::uint64_t code_size = 0;
  std::uint64_t signature_size = 0;
  std::uint64_t certificates_size = 0;

  std::uint64_t code() const { return at + header_size; }

  std::uint64_t signature() const { return code() + code_size; }

  std::uint64_t end() const { return code() + image_size; }
};

Failure bad(std::string what) {
  return fail(Code::package_bad).what("SBL: " + std::move(what));
}

std::optional<Header> find_header(ByteView bytes) {
  for (std::size_t at = smallest_page; at <= last_header && at + header_size <= bytes.size(); at += smallest_page) {
    ByteReader fields(bytes.subspan(at, header_size), Endian::little);
    if (fields.u32() != code_word || fields.u32() != magic || fields.u32() != sbl1_image) {
      continue;
    }
    fields.take(16);  // two reserved words, code's offset, load address
    Header header{.at = at};
    header.image_size = fields.u32();
    header.code_size = fields.u32();
    fields.u32();  // the signature's address
    header.signature_size = fields.u32();
    fields.u32();  // the certificates' address
    header.certificates_size = fields.u32();
    return header;
  }
  return std::nullopt;
}

Result<void> check_sizes(const Header& header, ByteView bytes) {
  if (header.image_size != header.code_size + header.signature_size + header.certificates_size) {
    return bad("the sizes in its header contradict each other");
  }
  if (header.end() > bytes.size()) {
    return bad(fmt::format("it is cut: its header says {} bytes, {} are there", header.end(), bytes.size()));
  }
  auto used = used_size(bytes);
  if (used + longest_padding < header.signature() + header.signature_size) {
    return bad(fmt::format("its header says {} bytes, all behind byte {} is blank", header.end(), used));
  }
  return {};
}

}  // namespace

std::uint64_t used_size(ByteView bytes) {
  auto last = std::find_if(bytes.rbegin(), bytes.rend(), [](std::byte byte) { return byte != std::byte{0xFF}; });
  return static_cast<std::uint64_t>(bytes.rend() - last);
}

bool has_sbl_code_word(ByteView bytes) {
  ByteReader words(bytes, Endian::little);
  return words.u32() == code_word && words.u32() == magic && words.u32() == detect_page_size;
}

std::optional<ByteView> sbl_certificates(ByteView bytes) {
  auto header = find_header(bytes);
  if (!header || header->end() > bytes.size() ||
      header->image_size != header->code_size + header->signature_size + header->certificates_size) {
    return std::nullopt;
  }
  return bytes.subspan(header->signature() + header->signature_size, header->certificates_size);
}

std::uint64_t sbl_overhead(std::uint32_t page_size) {
  return page_size + header_size + digest_size;
}

Buffer make_sbl(ByteView code, std::uint32_t page_size, ByteView certificates) {
  auto code_size = static_cast<std::uint32_t>(code.size());
  auto certificates_size = static_cast<std::uint32_t>(certificates.size());
  ByteWriter out(Endian::little);
  out.u32(code_word).u32(magic).u32(detect_page_size).bytes(as_bytes(our_mark));
  out.fill(page_size - out.size(), std::byte{0xFF});

  out.u32(code_word).u32(magic).u32(sbl1_image).u32(0xFFFFFFFF).u32(0xFFFFFFFF);
  out.u32(header_size).u32(load_address);
  out.u32(code_size + digest_size + certificates_size).u32(code_size);
  out.u32(load_address + code_size).u32(digest_size);
  out.u32(load_address + code_size + digest_size).u32(certificates_size);
  out.u32(1).u32(1).fill(20, std::byte{0xFF});  // root certificate 1 of 1, five reserved words
  out.bytes(code);

  auto image = out.take();
  auto digest_of_all = digest<Sha256>(image);
  image.insert(image.end(), digest_of_all.begin(), digest_of_all.end());
  image.insert(image.end(), certificates.begin(), certificates.end());
  return image;
}

Result<std::uint64_t> check_sbl(ByteView bytes) {
  if (!has_sbl_code_word(bytes)) {
    return bad("the boot ROM's code word is not at its start");
  }
  bool ours = as_text(bytes.subspan(code_word_size)).starts_with(our_mark);
  auto header = find_header(bytes);
  if (!header) {
    auto used = used_size(bytes);
    if (ours || used <= code_word_size) {
      return bad("there is nothing behind its code word");
    }
    return used;
  }
  TRY(check_sizes(*header, bytes));
  if (ours) {
    auto digest_of_all = digest<Sha256>(bytes.first(header->signature()));
    if (header->signature_size != digest_size ||
        !std::ranges::equal(bytes.subspan(header->signature(), digest_size), digest_of_all)) {
      return bad("its bytes are not the ones it was made of: torn, or written over another image");
    }
  }
  return header->end();
}

}  // namespace modemedic::firmware
