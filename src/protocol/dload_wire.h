#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// DLOAD (DMSS download), what the boot loader of a 9x15 speaks in download mode (facts: dload-streaming.md). Bodies
/// without HDLC framing, numbers big-endian.
namespace modemedic::protocol::dload {

enum class Command : std::uint8_t {
  write_24 = 0x01,  ///< u24 address, u16 length, data
  ack = 0x02,
  nak = 0x03,  ///< u16 reason
  go = 0x05,   ///< u32 address; no answer
  nop = 0x06,
  parameters_request = 0x07,
  parameters = 0x08,
  reset = 0x0a,
  version_request = 0x0c,
  version = 0x0d,  ///< u8 length, text
  write = 0x0f,    ///< u32 address, u16 length, data
};

enum class Nak : std::uint16_t {
  bad_checksum = 0x01,
  bad_destination = 0x02,
  bad_length = 0x03,
  early_end = 0x04,
  too_long = 0x05,
  invalid_command = 0x06,
  operation_failed = 0x07,
  wrong_flash_id = 0x08,
  bad_voltage = 0x09,
  verify_failed = 0x0a,
  unlock_required = 0x0b,
  bad_security_code = 0x0c,
  not_permitted = 0x0e,
  bad_read_address = 0x0f,
};

/// In words: "it may not be written there"; the bare number for a reason that is none of these.
std::string meaning(Nak reason);

/// Data bytes of one write, at most.
constexpr std::size_t largest_write = 0x3f9;

/// What the boot loader says about itself.
struct Parameters {
  std::uint8_t version = 0;
  std::uint8_t lowest_version = 0;
  std::uint16_t largest_write = 0;  ///< data bytes of one write
  std::uint8_t model = 0;
  std::uint8_t device_size = 0;
  std::uint8_t device_type = 0;
};

Buffer command(Command command);
Buffer nak(Nak reason);
Buffer write(std::uint32_t address, ByteView data);
Buffer go(std::uint32_t address);

Buffer parameters(const Parameters& parameters);

/// Nothing when the frame is no answer to a request for parameters.
std::optional<Parameters> parse_parameters(ByteView body);

/// Nothing when the frame is no NAK.
std::optional<Nak> parse_nak(ByteView body);

/// Who answers a NOP (`7e 06 4e 95 7e`) on a port that may be any of these.
enum class Listener {
  dload,      ///< the boot loader in download mode: ACK
  diag,       ///< a running modem: 06 is no command of DIAG
  streaming,  ///< a streaming loader: "Invalid Command"
};

/// Nothing for a frame that doesn't tell: a running modem's log, for example.
std::optional<Listener> who_answers_nop(ByteView body);

}  // namespace modemedic::protocol::dload
