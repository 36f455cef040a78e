#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>
#include <string_view>

/// Sahara packets, both directions (facts: sahara-firehose.md). All fields little-endian.
namespace modemedic::protocol::sahara {

enum class Command : std::uint32_t {
  hello = 0x01,
  hello_response = 0x02,
  read_data = 0x03,
  end_image_transfer = 0x04,
  done = 0x05,
  done_response = 0x06,
  reset = 0x07,
  reset_response = 0x08,
  memory_debug = 0x09,
  memory_read = 0x0a,
  command_ready = 0x0b,
  command_switch_mode = 0x0c,
  command_execute = 0x0d,
  command_execute_response = 0x0e,
  command_execute_data = 0x0f,
  memory_debug_64 = 0x10,
  memory_read_64 = 0x11,
  read_data_64 = 0x12,
  reset_state_machine = 0x13,
};

enum class Mode : std::uint32_t {
  image_transfer_pending = 0,
  image_transfer_complete = 1,
  memory_debug = 2,
  command = 3
};

enum class ClientCommand : std::uint32_t { nop = 0, serial = 1, hwid = 2, pk_hash = 3 };

constexpr std::uint32_t programmer_image = 13;  ///< eHOSTDL, in EDL
constexpr std::uint32_t nprg_image = 7;         ///< in the boot loader's download mode
constexpr std::size_t max_packet = 0x400;       ///< bytes

/// A packet as it came: command and the bytes after {command, length}.
struct Packet {
  Command command{};
  Buffer body;
};

struct Hello {
  std::uint32_t version = 2;
  std::uint32_t lowest = 1;
  std::uint32_t max_command = max_packet;
  Mode mode = Mode::image_transfer_pending;
};

/// Length in the header is 8 + body.
Buffer packet(Command command, ByteView body = {});
Buffer hello(const Hello& hello);
Buffer hello_response(std::uint32_t version, std::uint32_t lowest, std::uint32_t status, Mode mode);

/// Takes packets out of a stream. A length under 8 or over `max_packet` is a protocol error: nothing is allocated.
class PacketReader {
public:
  void feed(ByteView bytes);

  /// The next whole packet; nothing when more is needed or after broken() turned true.
  std::optional<Packet> next();

  bool broken() const { return broken_; }

  /// Bytes not understood as a packet yet; used to recognise a running programmer's "<?xml".
  ByteView pending() const { return ByteView(pending_).subspan(taken_); }

  /// Takes up to `limit` pending bytes that are no packet: raw answers of command mode and memory debug.
  Buffer take(std::size_t limit);

private:
  Buffer pending_;
  std::size_t taken_ = 0;
  bool broken_ = false;
};

/// END_IMAGE_TRANSFER's status in words: 0x08 "invalid data size".
std::string_view status_text(std::uint32_t status);

}  // namespace modemedic::protocol::sahara
