#include "protocol/sahara_wire.h"

#include <array>

namespace modemedic::protocol::sahara {

namespace {

constexpr std::size_t header_size = 8;
constexpr std::size_t hello_reserved = 6 * sizeof(std::uint32_t);

}  // namespace

Buffer packet(Command command, ByteView body) {
  return ByteWriter(Endian::little)
      .u32(static_cast<std::uint32_t>(command))
      .u32(static_cast<std::uint32_t>(header_size + body.size()))
      .bytes(body)
      .take();
}

Buffer hello(const Hello& hello) {
  auto body = ByteWriter(Endian::little)
                  .u32(hello.version)
                  .u32(hello.lowest)
                  .u32(hello.max_command)
                  .u32(static_cast<std::uint32_t>(hello.mode))
                  .fill(hello_reserved)
                  .take();
  return packet(Command::hello, body);
}

Buffer hello_response(std::uint32_t version, std::uint32_t lowest, std::uint32_t status, Mode mode) {
  auto body = ByteWriter(Endian::little)
                  .u32(version)
                  .u32(lowest)
                  .u32(status)
                  .u32(static_cast<std::uint32_t>(mode))
                  .fill(hello_reserved)
                  .take();
  return packet(Command::hello_response, body);
}

void PacketReader::feed(ByteView bytes) {
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
}

std::optional<Packet> PacketReader::next() {
  auto bytes = pending();
  if (broken_ || bytes.size() < header_size) {
    return std::nullopt;
  }
  ByteReader reader(bytes, Endian::little);
  auto command = static_cast<Command>(reader.u32());
  auto length = reader.u32();
  if (length < header_size || length > max_packet) {
    broken_ = true;
    return std::nullopt;
  }
  if (bytes.size() < length) {
    return std::nullopt;
  }
  auto body = reader.take(length - header_size);
  taken_ += length;
  return Packet{command, Buffer(body.begin(), body.end())};
}

Buffer PacketReader::take(std::size_t limit) {
  auto bytes = pending();
  auto taken = bytes.first(std::min(limit, bytes.size()));
  taken_ += taken.size();
  return {taken.begin(), taken.end()};
}

std::string_view status_text(std::uint32_t status) {
  static constexpr std::array<std::string_view, 0x29> texts = {
      "success",
      "invalid command in this state",
      "protocol mismatch",
      "invalid target protocol",
      "invalid host protocol",
      "invalid packet size",
      "unexpected image id",
      "invalid header size",
      "invalid data size",
      "invalid image type",
      "invalid transmit length",
      "invalid receive length",
      "general transfer error",
      "READ_DATA error",
      "unsupported number of program headers",
      "invalid program-header size",
      "multiple shared segments",
      "uninitialised program-header location",
      "invalid destination address",
      "invalid image-header data size",
      "invalid ELF header",
      "unknown host error",
      "receive timeout",
      "transmit timeout",
      "invalid host mode",
      "invalid memory read",
      "host cannot handle the requested size",
      "memory debug not supported",
      "invalid mode switch",
      "command execution failed",
      "invalid parameter",
      "unsupported client command",
      "invalid client command for data",
      "hash table not authenticated",
      "segment hash does not match",
      "no hash table found",
      "target initialisation failed",
      "image not authenticated",
      "invalid hash-table size",
      "enumeration failed",
      "bulk transfer error",
  };
  return status < texts.size() ? texts[status] : "unknown status";
}

}  // namespace modemedic::protocol::sahara
