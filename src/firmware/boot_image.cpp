#include "firmware/boot_image.h"

#include "base/digest.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::string_view magic = "ANDROID!";
constexpr std::size_t name_size = 16;
constexpr std::size_t command_line_size = 512;
constexpr std::size_t id_size = 32;
constexpr std::size_t extra_command_line_size = 1024;
constexpr std::size_t header_size = 1632;

constexpr std::uint32_t kernel_address = 0x80008000;
constexpr std::uint32_t ramdisk_address = 0x81000000;
constexpr std::uint32_t second_address = 0x80F00000;
constexpr std::uint32_t tags_address = 0x80000100;

// Headers from version 1 on carry their version where Qualcomm's version 0 has the device tree's size.
constexpr std::uint32_t last_header_version = 4;

Failure bad(std::string what) {
  return fail(Code::package_bad).what("boot image: " + std::move(what));
}

std::uint64_t padding(std::uint64_t size, std::uint64_t page_size) {
  return (page_size - size % page_size) % page_size;
}

struct Header {
  std::array<std::uint32_t, 4> sizes{};  ///< kernel, ramdisk, second, device tree
  std::uint32_t page_size = 0;
  ByteView id;
  bool later_version = false;
};

Result<Header> read_header(ByteView bytes) {
  if (!as_text(bytes).starts_with(magic)) {
    return bad("it does not start with ANDROID!");
  }
  if (bytes.size() < header_size) {
    return bad("it is cut within its header");
  }
  ByteReader fields(bytes.first(header_size), Endian::little);
  fields.take(magic.size());
  Header header;
  for (std::size_t i = 0; i < 3; ++i) {
    header.sizes[i] = fields.u32();
    fields.u32();  // its address
  }
  fields.u32();  // tags' address
  header.page_size = fields.u32();
  auto device_tree = fields.u32();
  header.later_version = device_tree >= 1 && device_tree <= last_header_version;
  header.sizes[3] = header.later_version ? 0 : device_tree;
  fields.take(4 + name_size + command_line_size);
  header.id = fields.take(id_size);

  auto page = header.page_size;
  if (page < 2048 || page > 131072 || (page & (page - 1)) != 0) {
    return bad(fmt::format("a page size of {}", page));
  }
  if (header.sizes[0] == 0) {
    return bad("it has no kernel");
  }
  return header;
}

Buffer size_field(std::uint64_t size) {
  ByteWriter field(Endian::little);
  field.u32(static_cast<std::uint32_t>(size));
  return field.take();
}

using Parts = std::array<ByteView, 4>;

/// SHA-1 over the first `count` parts, each followed by its size.
Sha1 make_id(const Parts& parts, std::size_t count) {
  Hasher<Sha1> hasher;
  for (auto part : std::span(parts).first(count)) {
    hasher.update(part);
    hasher.update(size_field(part.size()));
  }
  return hasher.finish();
}

using Part = BootImageContent::Part;

std::array<const Part*, 3> parts_of(const BootImageContent& content) {
  return {&content.kernel, &content.ramdisk, &content.device_tree};
}

bool read_part(const Part& part, const std::function<bool(ByteView)>& sink) {
  Buffer piece(std::min<std::uint64_t>(part.size, 64_KiB));
  for (std::uint64_t at = 0; at < part.size; at += piece.size()) {
    auto here = std::span(piece).first(std::min<std::uint64_t>(piece.size(), part.size - at));
    part.read(at, here);
    if (!sink(here)) {
      return false;
    }
  }
  return true;
}

Sha1 id_of(const BootImageContent& content) {
  const Part no_second_stage;
  const Part* parts[] = {&content.kernel, &content.ramdisk, &no_second_stage, &content.device_tree};
  Hasher<Sha1> hasher;
  for (const auto* part : std::span(parts).first(content.device_tree.size == 0 ? 3 : 4)) {
    read_part(*part, [&](ByteView piece) {
      hasher.update(piece);
      return true;
    });
    hasher.update(size_field(part->size));
  }
  return hasher.finish();
}

Buffer make_header(const BootImageContent& content, const Sha1& id) {
  auto size_of = [](const Part& part) { return static_cast<std::uint32_t>(part.size); };
  ByteWriter out(Endian::little);
  out.bytes(as_bytes(magic));
  out.u32(size_of(content.kernel)).u32(kernel_address);
  out.u32(size_of(content.ramdisk)).u32(ramdisk_address);
  out.u32(0).u32(second_address).u32(tags_address);
  out.u32(content.page_size).u32(size_of(content.device_tree)).u32(0);
  out.text(content.name.substr(0, name_size - 1), name_size);
  out.text(content.command_line.substr(0, command_line_size - 1), command_line_size);
  out.bytes(id).fill(id_size - id.size()).fill(extra_command_line_size);
  out.fill(padding(out.size(), content.page_size));
  return out.take();
}

bool zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

bool id_fits(const Header& header, const Parts& parts) {
  auto sha1 = header.id.first(std::tuple_size_v<Sha1>);
  auto rest = header.id.subspan(std::tuple_size_v<Sha1>);
  if (header.later_version || zero(sha1) || !zero(rest)) {
    return true;  // none, or made in another way
  }
  // mkbootimg counts the device tree in only when there is one, some of its forks never do.
  return std::ranges::equal(sha1, make_id(parts, 3)) || std::ranges::equal(sha1, make_id(parts, 4));
}

}  // namespace

bool has_boot_magic(ByteView bytes) {
  return as_text(bytes).starts_with(magic);
}

std::uint64_t boot_image_size(const BootImageContent& content) {
  std::uint64_t size = content.page_size;
  for (const auto* part : parts_of(content)) {
    size += part->size + padding(part->size, content.page_size);
  }
  return size;
}

void write_boot_image(const BootImageContent& content, const std::function<bool(ByteView)>& sink) {
  if (!sink(make_header(content, id_of(content)))) {
    return;
  }
  for (const auto* part : parts_of(content)) {
    if (!read_part(*part, sink) || !sink(Buffer(padding(part->size, content.page_size)))) {
      return;
    }
  }
}

Result<BootImageShape> read_boot_image_shape(ByteView head) {
  TRY_ASSIGN(auto header, read_header(head));
  BootImageShape shape{header.page_size, header.page_size};
  for (std::uint64_t size : header.sizes) {
    shape.size += size == 0 ? 0 : padding(shape.size, header.page_size) + size;
  }
  return shape;
}

Result<std::uint64_t> check_boot_image(ByteView bytes) {
  TRY_ASSIGN(auto header, read_header(bytes));

  Parts parts;
  std::uint64_t at = header.page_size;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::uint64_t size = header.sizes[i];
    if (size == 0) {
      continue;
    }
    if (at > bytes.size() || size > bytes.size() - at) {
      return bad(fmt::format("it is cut: it has {} bytes, its header needs {}", bytes.size(), at + size));
    }
    parts[i] = bytes.subspan(at, size);
    at += size + padding(size, header.page_size);
  }
  if (!id_fits(header, parts)) {
    return bad("its parts are not the ones it was made of: torn, or written over another image");
  }
  return std::min<std::uint64_t>(at, bytes.size());
}

}  // namespace modemedic::firmware
