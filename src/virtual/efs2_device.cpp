#include "virtual/efs2_device.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

// errno of the modem's own C library.
constexpr std::uint32_t no_entry = 2;
constexpr std::uint32_t bad_file = 9;
constexpr std::uint32_t invalid = 22;
constexpr std::uint32_t too_many = 24;

constexpr std::size_t most_open = 32;
constexpr std::uint32_t longest_read = 1024;
constexpr std::uint32_t none = 0xFFFFFFFF;

std::string path_in(ByteView body) {
  auto text = as_text(body);
  return std::string(text.substr(0, text.find('\0')));
}

ByteWriter writer() {
  return ByteWriter(Endian::little);
}

/// The directory's own entries, by their last names.
std::string_view name_in(const EfsNode& node, std::string_view directory) {
  std::string_view path = node.path;
  auto prefix = directory == "/" ? std::string("/") : std::string(directory) + "/";
  if (!path.starts_with(prefix) || path.find('/', prefix.size()) != std::string_view::npos) {
    return {};
  }
  return path.substr(prefix.size());
}

}  // namespace

const EfsNode* Efs2Device::find(std::string_view path) const {
  auto node = std::ranges::find(tree_, path, &EfsNode::path);
  return node == tree_.end() ? nullptr : &*node;
}

std::optional<Buffer> Efs2Device::answer(ByteView body) {
  ByteReader reader(body, Endian::little);
  auto command = reader.u8();
  if (command == 0x26) {
    return nv_item(body);
  }
  auto subsystem = reader.u8();
  auto number = reader.u16();
  if (reader.failed() || command != 0x4b || subsystem != 0x13) {
    return std::nullopt;
  }
  auto answered = answer_efs(number, reader.rest());
  if (answered) {
    answered->insert(answered->begin(), body.begin(), body.begin() + 4);
  }
  return answered;
}

std::optional<Buffer> Efs2Device::answer_efs(std::uint16_t command, ByteView body) {
  auto older = numbering_ == Numbering::older;
  switch (command) {
    case 0: {
      ByteReader reader(body, Endian::little);
      auto asked = reader.take(40);
      return reader.failed() ? std::nullopt : std::optional(Buffer(asked.begin(), asked.end()));
    }
    case 1:
      return writer().u32(255).u32(1024).u32(8).u32(16777216).u32(65535).u32(8).take();
    case 2:
      return open(body);
    case 3:
      return close(body);
    case 4:
      return read(body);
    case 7:
      return readlink(body);
    case 11:
      return opendir(body);
    case 12:
      return older ? std::optional(readdir(body)) : std::nullopt;
    case 13:
      return older ? closedir(body) : readdir(body);
    case 15:
      return stat(body);
    case 19:
      return writer().u32(0).u32(0xEF53).u32(2048).u32(8704).u32(8000).u32(8000).u32(65535).u32(60000).take();
    default:
      return std::nullopt;  // whatever writes, too
  }
}

Buffer Efs2Device::open(ByteView body) {
  ByteReader reader(body, Endian::little);
  auto flags = reader.u32();
  reader.u32();
  const auto* node = find(path_in(reader.rest()));
  if (reader.failed() || flags != 0) {
    return writer().u32(none).u32(invalid).take();
  }
  if (node == nullptr || node->kind != EfsNode::Kind::file) {
    return writer().u32(none).u32(no_entry).take();
  }
  if (files_.size() >= most_open) {
    return writer().u32(none).u32(too_many).take();
  }
  auto number = next_++ & 0x7FFFFFFFU;
  files_[static_cast<std::int32_t>(number)] = static_cast<std::size_t>(node - tree_.data());
  return writer().u32(number).u32(0).take();
}

Buffer Efs2Device::close(ByteView body) {
  ByteReader reader(body, Endian::little);
  auto closed = files_.erase(static_cast<std::int32_t>(reader.u32())) > 0;
  return writer().u32(closed ? 0 : bad_file).take();
}

Buffer Efs2Device::read(ByteView body) const {
  ByteReader reader(body, Endian::little);
  auto number = reader.u32();
  auto count = std::min(reader.u32(), longest_read);
  auto offset = reader.u32();
  auto file = files_.find(static_cast<std::int32_t>(number));
  if (reader.failed() || file == files_.end()) {
    return writer().u32(number).u32(offset).u32(none).u32(bad_file).take();
  }
  auto content = ByteView(tree_[file->second].content);
  auto rest = content.subspan(std::min<std::size_t>(offset, content.size()));
  auto part = rest.first(std::min<std::size_t>(count, rest.size()));
  return writer().u32(number).u32(offset).u32(static_cast<std::uint32_t>(part.size())).u32(0).bytes(part).take();
}

Buffer Efs2Device::readlink(ByteView body) const {
  const auto* node = find(path_in(body));
  if (node == nullptr || node->kind != EfsNode::Kind::link) {
    return writer().u32(no_entry).u8(0).take();
  }
  return writer().u32(0).bytes(node->content).u8(0).take();
}

Buffer Efs2Device::opendir(ByteView body) {
  auto path = path_in(body);
  const auto* node = find(path);
  if (path != "/" && (node == nullptr || node->kind != EfsNode::Kind::directory)) {
    return writer().u32(0).u32(no_entry).take();
  }
  // Directories that nobody closes are taken again, the oldest first.
  if (directories_.size() >= most_open) {
    directories_.erase(directories_.begin());
  }
  directories_[next_] = path;
  return writer().u32(next_++).u32(0).take();
}

Buffer Efs2Device::readdir(ByteView body) const {
  ByteReader reader(body, Endian::little);
  auto number = reader.u32();
  auto wanted = reader.u32();
  auto directory = directories_.find(number);
  auto entry = [&](std::uint32_t error, const EfsNode* node, std::string_view name) {
    auto answer = writer().u32(number).u32(wanted).u32(error);
    answer.u32(node != nullptr ? static_cast<std::uint32_t>(node->kind) : 0).u32(node != nullptr ? node->mode : 0);
    answer.u32(node != nullptr ? static_cast<std::uint32_t>(node->content.size()) : 0).u32(0).u32(0).u32(0);
    return answer.bytes(as_bytes(name)).u8(0).take();
  };
  if (reader.failed() || directory == directories_.end()) {
    return entry(bad_file, nullptr, "");
  }
  std::uint32_t count = 0;
  for (const auto& node : tree_) {
    auto name = name_in(node, directory->second);
    if (!name.empty() && ++count == wanted) {
      return entry(0, &node, name);
    }
  }
  return entry(0, nullptr, "");
}

Buffer Efs2Device::closedir(ByteView body) {
  ByteReader reader(body, Endian::little);
  return writer().u32(directories_.erase(reader.u32()) > 0 ? 0 : bad_file).take();
}

Buffer Efs2Device::stat(ByteView body) const {
  const auto* node = find(path_in(body));
  if (node == nullptr) {
    return writer().u32(no_entry).fill(24).take();
  }
  return writer().u32(0).u32(node->mode).u32(static_cast<std::uint32_t>(node->content.size())).u32(1).fill(12).take();
}

std::optional<Buffer> Efs2Device::nv_item(ByteView body) const {
  constexpr std::size_t item_size = 128;
  constexpr std::uint16_t done = 0;
  constexpr std::uint16_t inactive = 5;
  if (body.size() != 1 + 2 + item_size + 2) {
    return std::nullopt;
  }
  ByteReader reader(body, Endian::little);
  reader.u8();
  auto item = reader.u16();
  const auto* node = find(fmt::format("/nvm/num/{}", item));
  auto answer = writer().u8(0x26).u16(item);
  if (node == nullptr) {
    return answer.fill(item_size).u16(inactive).take();
  }
  auto value = ByteView(node->content).first(std::min(item_size, node->content.size()));
  return answer.bytes(value).fill(item_size - value.size()).u16(done).take();
}

}  // namespace modemedic::twin
