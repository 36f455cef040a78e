#include "base/digest.h"
#include "firmware/mbn.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::size_t header_size = 40;
constexpr std::uint32_t header_version = 3;
constexpr std::uint32_t last_image_id = 0x40;
constexpr std::uint32_t digest_size = 32;
constexpr std::uint32_t elf_magic = 0x464C457F;

// In the place of the image's address in flash, which nobody needs on NAND: says that the signature is the SHA-256 of
// all before it.
constexpr std::uint32_t our_mark = 0x4D4D6564;

// A vendor's padding may be 0xFF; more of it than this at the end means that the end was never written.
constexpr std::uint64_t longest_padding = 4096;

Failure bad(std::string what) {
  return fail(Code::package_bad).what("MBN: " + std::move(what));
}

struct Header {
  bool ours = false;
  std::uint64_t image_size = 0;
  std::uint64_t code_size = 0;
  std::uint64_t signature_size = 0;

  std::uint64_t end() const { return header_size + image_size; }
};

Result<Header> read_header(ByteView bytes) {
  ByteReader fields(bytes, Endian::little);
  auto image_id = fields.u32();
  auto version = fields.u32();
  Header header{.ours = fields.u32() == our_mark};
  fields.u32();  // where it is loaded
  header.image_size = fields.u32();
  header.code_size = fields.u32();
  fields.u32();  // the signature's address
  header.signature_size = fields.u32();
  fields.u32();  // the certificates' address
  std::uint64_t certificates_size = fields.u32();
  if (fields.failed() || image_id > last_image_id || version != header_version || header.code_size == 0) {
    return bad("there is no header at its start");
  }
  // Some vendors leave room between the parts, none goes beyond the whole.
  if (header.code_size + header.signature_size + certificates_size > header.image_size) {
    return bad("the sizes in its header contradict each other");
  }
  return header;
}

}  // namespace

std::uint64_t mbn_overhead() {
  return header_size + digest_size;
}

Buffer make_mbn(ByteView code, std::uint32_t image_id, std::uint32_t load_address) {
  auto code_size = static_cast<std::uint32_t>(code.size());
  ByteWriter out(Endian::little);
  out.u32(image_id).u32(header_version).u32(our_mark).u32(load_address);
  out.u32(code_size + digest_size).u32(code_size);
  out.u32(load_address + code_size).u32(digest_size);
  out.u32(load_address + code_size + digest_size).u32(0);
  out.bytes(code);
  auto image = out.take();
  auto digest_of_all = digest<Sha256>(image);
  image.insert(image.end(), digest_of_all.begin(), digest_of_all.end());
  return image;
}

Result<std::uint64_t> mbn_size(ByteView head) {
  TRY_ASSIGN(auto header, read_header(head));
  return header.end();
}

Result<std::uint64_t> check_mbn(ByteView bytes) {
  TRY_ASSIGN(auto header, read_header(bytes));
  auto end = header.end();
  if (end > bytes.size()) {
    return bad(fmt::format("it is cut: its header says {} bytes, {} are there", end, bytes.size()));
  }
  auto signed_end = header_size + header.code_size;
  if (header.ours &&
      !std::ranges::equal(bytes.subspan(signed_end, header.signature_size), digest<Sha256>(bytes.first(signed_end)))) {
    return bad("its bytes are not the ones it was made of: torn, or written over another image");
  }
  if (auto used = used_size(bytes.first(end)); used + longest_padding < end) {
    return bad(fmt::format("its header says {} bytes, all behind byte {} is blank", end, used));
  }
  return end;
}

Result<std::uint64_t> check_program(ByteView bytes) {
  ByteReader start(bytes, Endian::little);
  return start.u32() == elf_magic ? check_elf(bytes) : check_mbn(bytes);
}

}  // namespace modemedic::firmware
