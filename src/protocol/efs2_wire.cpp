#include "protocol/efs2_wire.h"

#include <algorithm>
#include <array>

namespace modemedic::protocol::efs2 {

namespace {

constexpr std::size_t prefix_size = 4;

ByteWriter begin(std::uint16_t command) {
  ByteWriter writer(Endian::little);
  writer.u8(subsystem_command).u8(subsystem).u16(command);
  return writer;
}

std::int32_t s32(ByteReader& reader) {
  return static_cast<std::int32_t>(reader.u32());
}

Buffer with_path(std::uint16_t command, std::string_view path) {
  auto writer = begin(command);
  writer.bytes(as_bytes(path.substr(0, longest_path))).u8(0);
  return writer.take();
}

}  // namespace

Buffer hello_request() {
  // Windows for packets and bytes of target, host and iterator, which a host that asks one thing after the other never
  // uses up; then the version, the oldest and the newest that it knows, and no features.
  constexpr std::uint32_t packets = 16;
  constexpr std::uint32_t bytes = 4096;
  auto writer = begin(hello);
  writer.u32(packets).u32(bytes).u32(packets).u32(bytes).u32(packets).u32(bytes).u32(1).u32(1).u32(1).u32(0);
  return writer.take();
}

Buffer query_request() {
  return begin(query).take();
}

Buffer open_request(std::string_view path) {
  auto writer = begin(open);
  writer.u32(0).u32(0).bytes(as_bytes(path.substr(0, longest_path))).u8(0);
  return writer.take();
}

Buffer close_request(std::int32_t file) {
  auto writer = begin(close);
  writer.u32(static_cast<std::uint32_t>(file));
  return writer.take();
}

Buffer read_request(std::int32_t file, std::uint32_t offset) {
  auto writer = begin(read);
  writer.u32(static_cast<std::uint32_t>(file)).u32(read_at_once).u32(offset);
  return writer.take();
}

Buffer readlink_request(std::string_view path) {
  return with_path(readlink, path);
}

Buffer opendir_request(std::string_view path) {
  return with_path(opendir, path);
}

Buffer readdir_request(std::uint16_t command, std::uint32_t directory, std::int32_t number) {
  auto writer = begin(command);
  writer.u32(directory).u32(static_cast<std::uint32_t>(number));
  return writer.take();
}

Buffer closedir_request(std::uint32_t directory) {
  auto writer = begin(readdir);
  writer.u32(directory);
  return writer.take();
}

Buffer statfs_request(std::string_view path) {
  return with_path(statfs, path);
}

Buffer nv_read_request(std::uint16_t item) {
  ByteWriter writer(Endian::little);
  writer.u8(nv_read_command).u16(item).fill(nv_item_size).u16(0);
  return writer.take();
}

std::optional<ByteView> answer_to(std::uint16_t command, ByteView frame) {
  auto prefix = begin(command).take();
  if (frame.size() < prefix_size || !std::equal(prefix.begin(), prefix.end(), frame.begin())) {
    return std::nullopt;
  }
  return frame.subspan(prefix_size);
}

bool refuses(ByteView frame, ByteView request) {
  constexpr std::array codes = {0x13, 0x14, 0x15, 0x18, 0x47};
  if (frame.size() < 2 || request.empty()) {
    return false;
  }
  auto known = std::find(codes.begin(), codes.end(), std::to_integer<int>(frame.front())) != codes.end();
  auto length = std::min({frame.size() - 1, request.size(), std::size_t{prefix_size}});
  auto echo = frame.subspan(1, length);
  return known && std::equal(echo.begin(), echo.end(), request.begin());
}

std::optional<Hello> parse_hello(ByteView answer) {
  ByteReader reader(answer, Endian::little);
  reader.take(6 * sizeof(std::uint32_t));
  Hello told;
  told.version = reader.u32();
  reader.take(2 * sizeof(std::uint32_t));
  told.features = reader.u32();
  return reader.failed() ? std::nullopt : std::optional(told);
}

std::optional<Opened> parse_opened(ByteView answer) {
  ByteReader reader(answer, Endian::little);
  Opened opened;
  opened.file = s32(reader);
  opened.error = s32(reader);
  return reader.failed() ? std::nullopt : std::optional(opened);
}

std::optional<Data> parse_data(ByteView answer) {
  ByteReader reader(answer, Endian::little);
  Data data;
  data.file = s32(reader);
  data.offset = reader.u32();
  data.count = s32(reader);
  data.error = s32(reader);
  data.bytes = reader.take(data.count > 0 ? static_cast<std::size_t>(data.count) : 0);
  return reader.failed() ? std::nullopt : std::optional(data);
}

std::optional<Directory> parse_directory(ByteView answer) {
  ByteReader reader(answer, Endian::little);
  Directory directory;
  directory.directory = reader.u32();
  directory.error = s32(reader);
  return reader.failed() ? std::nullopt : std::optional(directory);
}

std::optional<Entry> parse_entry(ByteView answer) {
  ByteReader reader(answer, Endian::little);
  Entry entry;
  entry.directory = reader.u32();
  entry.number = s32(reader);
  entry.error = s32(reader);
  entry.kind = s32(reader);
  entry.mode = s32(reader);
  entry.size = s32(reader);
  reader.u32();  // when it was last read
  entry.changed = s32(reader);
  reader.u32();  // when it was made
  if (reader.failed()) {
    return std::nullopt;
  }
  entry.name = ByteReader(reader.rest(), Endian::little).text(std::min(reader.rest().size(), longest_path));
  return entry;
}

std::optional<std::string> parse_link(ByteView answer) {
  ByteReader reader(answer, Endian::little);
  auto error = reader.u32();
  auto target = ByteReader(reader.rest(), Endian::little).text(std::min(reader.rest().size(), longest_path));
  return reader.failed() || error != 0 || target.empty() ? std::nullopt : std::optional(target);
}

std::optional<std::int32_t> parse_error(ByteView answer) {
  ByteReader reader(answer, Endian::little);
  auto error = s32(reader);
  return reader.failed() ? std::nullopt : std::optional(error);
}

std::optional<std::vector<std::uint32_t>> parse_statfs(ByteView answer) {
  constexpr std::size_t most_numbers = 32;
  ByteReader reader(answer, Endian::little);
  if (s32(reader) != 0 || reader.failed()) {
    return std::nullopt;
  }
  std::vector<std::uint32_t> numbers;
  while (reader.rest().size() >= sizeof(std::uint32_t) && numbers.size() < most_numbers) {
    numbers.push_back(reader.u32());
  }
  return numbers;
}

std::optional<NvItem> parse_nv_item(ByteView frame) {
  ByteReader reader(frame, Endian::little);
  auto command = reader.u8();
  NvItem item;
  item.item = reader.u16();
  item.bytes = reader.take(nv_item_size);
  item.status = reader.u16();
  return reader.failed() || command != nv_read_command ? std::nullopt : std::optional(item);
}

}  // namespace modemedic::protocol::efs2
