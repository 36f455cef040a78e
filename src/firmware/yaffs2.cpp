#include "firmware/yaffs2.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

enum class ObjectType : std::uint32_t { file = 1, symlink = 2, directory = 3, hardlink = 4, special = 5 };

/// An object's header (yaffs_obj_hdr): type, parent, a checksum that is no longer used, the name; the file's size
/// stands behind mode, owner and times.
constexpr std::size_t name_offset = 10;
constexpr std::size_t name_size = 256;
constexpr std::size_t mode_offset = 268;
constexpr std::size_t size_offset = 292;
constexpr std::size_t header_size = 512;

constexpr std::uint32_t root_object = 1;
constexpr std::uint32_t first_object = 257;  // numbers below are the file system's own
constexpr std::uint16_t no_sum = 0xFFFF;
constexpr std::uint32_t no_size = 0xFFFFFFFF;
constexpr std::uint32_t first_sequence = 0x1000;
constexpr std::uint32_t header_chunk = 0;
constexpr std::uint32_t header_bytes = 0xFFFF;

struct Header {
  std::uint32_t type = 0;
  std::uint32_t parent = 0;
  std::uint16_t sum = 0;
  std::string name;
  bool name_ends = false;
  std::uint32_t file_size = 0;
};

Header read_header(ByteView page) {
  Header header;
  if (page.size() < header_size) {
    return header;
  }
  ByteReader in(page, Endian::little);
  header.type = in.u32();
  header.parent = in.u32();
  header.sum = in.u16();
  auto name = as_text(page.subspan(name_offset, name_size));
  header.name_ends = name.find('\0') != std::string_view::npos;
  header.name = name.substr(0, name.find('\0'));
  header.file_size = load<std::uint32_t>(&page[size_offset], Endian::little);
  return header;
}

bool is_object(const Header& header) {
  return header.type >= static_cast<std::uint32_t>(ObjectType::file) &&
         header.type <= static_cast<std::uint32_t>(ObjectType::special) && header.parent != 0 && header.name_ends;
}

struct Tags {
  std::uint32_t sequence = 0;
  std::uint32_t object = 0;
  std::uint32_t chunk = 0;
  std::uint32_t bytes = 0;
};

constexpr std::size_t tags_size = 16;

Tags read_tags(ByteView spare) {
  ByteReader in(spare, Endian::little);
  return {.sequence = in.u32(), .object = in.u32(), .chunk = in.u32(), .bytes = in.u32()};
}

/// The root's header tells where: at the start of the spare area, or behind the mark of a bad block.
std::optional<std::size_t> find_tags(ByteView spare) {
  for (std::size_t at : {0U, 2U}) {
    if (at + tags_size > spare.size()) {
      break;
    }
    auto tags = read_tags(spare.subspan(at));
    if (tags.sequence >= first_sequence && tags.object == root_object && tags.chunk == header_chunk) {
      return at;
    }
  }
  return std::nullopt;
}

}  // namespace

bool has_yaffs2_root(ByteView page) {
  auto header = read_header(page);
  return header.type == static_cast<std::uint32_t>(ObjectType::directory) && header.parent == root_object &&
         header.sum == no_sum && header.name_ends;
}

void Yaffs2Walk::page(ByteView data) {
  if (problem_.empty()) {
    if (data_pages_ > 0) {
      --data_pages_;
    } else {
      problem_ = judge_header(data);
    }
  }
  ++pages_;
}

std::string Yaffs2Walk::judge_header(ByteView data) {
  if (pages_ == 0) {
    ++objects_;
    return has_yaffs2_root(data) ? "" : "it does not begin with a YAFFS2 root directory";
  }
  auto header = read_header(data);
  if (!is_object(header) || header.name.empty()) {
    return fmt::format("page {} is no header of an object", pages_);
  }
  ++objects_;
  if (header.type == static_cast<std::uint32_t>(ObjectType::file) && header.file_size != no_size) {
    file_pages_ = header.file_size / data.size() + (header.file_size % data.size() != 0);
    data_pages_ = file_pages_;
  }
  return {};
}

std::string Yaffs2Walk::problem() const {
  if (!problem_.empty()) {
    return problem_;
  }
  if (pages_ == 0) {
    return "it is empty";
  }
  return data_pages_ > 0 ? fmt::format("it is cut: {} pages of its last file are missing", data_pages_) : "";
}

void Yaffs2Scan::feed(ByteView bytes) {
  while (!bytes.empty()) {
    if (pending_.empty() && bytes.size() >= shape_.stride()) {
      take(bytes.first(shape_.stride()));
      bytes = bytes.subspan(shape_.stride());
      continue;
    }
    auto count = std::min<std::size_t>(bytes.size(), shape_.stride() - pending_.size());
    pending_.insert(pending_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (pending_.size() == shape_.stride()) {
      take(pending_);
      pending_.clear();
    }
  }
}

void Yaffs2Scan::take(ByteView page_and_spare) {
  auto spare = page_and_spare.subspan(shape_.page_size);
  if (walk_.pages() == 0) {
    tags_ = find_tags(spare);
  }
  if (problem_.empty()) {
    problem_ = judge_tags(spare);
  }
  walk_.page(page_and_spare.first(shape_.page_size));
}

std::string Yaffs2Scan::judge_tags(ByteView spare) const {
  if (!tags_) {
    return {};
  }
  auto chunk = read_tags(spare.subspan(*tags_)).chunk;
  return chunk == walk_.next_chunk()
             ? ""
             : fmt::format("page {} is not the one that belongs there: {} of its file instead of {}", walk_.pages(),
                           chunk, walk_.next_chunk());
}

std::string Yaffs2Scan::problem() const {
  auto problem = problem_.empty() ? walk_.problem() : problem_;
  if (problem.empty() && !pending_.empty()) {
    return fmt::format("its size is no whole number of pages of {} bytes with spare", shape_.stride());
  }
  return problem;
}

namespace {

/// Puts pages with their tags one behind the other.
class ImageWriter {
public:
  ImageWriter(const Yaffs2Shape& shape, const std::function<bool(ByteView)>& sink) : shape_(shape), sink_(sink) {}

  bool header(std::uint32_t object, ObjectType type, const std::string& name, std::uint32_t size) {
    constexpr std::uint32_t file_mode = 0100755;
    constexpr std::uint32_t directory_mode = 0040755;
    auto page = Buffer(shape_.page_size, std::byte{0xFF});
    put(page, 0, static_cast<std::uint32_t>(type));
    put(page, 4, root_object);
    std::ranges::copy(ByteWriter(Endian::little).text(name, name_size - 1).fill(1).take(),
                      page.begin() + static_cast<std::ptrdiff_t>(name_offset));
    put(page, mode_offset, type == ObjectType::directory ? directory_mode : file_mode);
    for (auto field = mode_offset + 4; field < size_offset; field += 4) {
      put(page, field, 0);  // owner, group, times
    }
    put(page, size_offset, size);
    return write(page, object, header_chunk, header_bytes);
  }

  bool data(std::uint32_t object, std::uint32_t chunk, Buffer page, std::uint32_t bytes) {
    return write(page, object, chunk, bytes);
  }

private:
  static void put(Buffer& page, std::size_t at, std::uint32_t value) { store(&page[at], value, Endian::little); }

  bool write(Buffer& page, std::uint32_t object, std::uint32_t chunk, std::uint32_t bytes) {
    ByteWriter tags(Endian::little);
    tags.u32(first_sequence).u32(object).u32(chunk).u32(bytes);
    tags.fill(shape_.spare_size - tags.size(), std::byte{0xFF});
    auto spare = tags.take();
    page.insert(page.end(), spare.begin(), spare.end());
    return sink_(page);
  }

  const Yaffs2Shape& shape_;
  const std::function<bool(ByteView)>& sink_;
};

}  // namespace

std::uint64_t yaffs2_image_size(const Yaffs2Shape& shape, std::span<const Yaffs2File> files) {
  std::uint64_t pages = 1;
  for (const auto& file : files) {
    pages += 1 + file.size / shape.page_size + (file.size % shape.page_size != 0);
  }
  return pages * shape.stride();
}

void write_yaffs2(const Yaffs2Shape& shape, std::span<const Yaffs2File> files,
                  const std::function<bool(ByteView)>& sink) {
  ImageWriter image(shape, sink);
  if (!image.header(root_object, ObjectType::directory, "", no_size)) {
    return;
  }
  auto object = first_object;
  for (const auto& file : files) {
    if (!image.header(object, ObjectType::file, file.name, static_cast<std::uint32_t>(file.size))) {
      return;
    }
    std::uint32_t chunk = 0;
    for (std::uint64_t offset = 0; offset < file.size; offset += shape.page_size) {
      auto count = std::min<std::uint64_t>(shape.page_size, file.size - offset);
      Buffer page(shape.page_size, std::byte{0xFF});
      file.read(offset, std::span(page).first(count));
      if (!image.data(object, ++chunk, std::move(page), static_cast<std::uint32_t>(count))) {
        return;
      }
    }
    ++object;
  }
}

}  // namespace modemedic::firmware
