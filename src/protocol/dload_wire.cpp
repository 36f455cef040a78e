#include "protocol/dload_wire.h"

#include <fmt/format.h>

namespace modemedic::protocol::dload {

namespace {

constexpr std::uint8_t diag_bad_command = 0x13;
constexpr std::uint8_t streaming_error = 0x0d;
constexpr std::uint8_t streaming_log = 0x0e;

ByteWriter begin(Command command) {
  ByteWriter out(Endian::big);
  out.u8(static_cast<std::uint8_t>(command));
  return out;
}

/// The first byte says that it is this command.
bool is(ByteView body, Command command) {
  return !body.empty() && std::to_integer<std::uint8_t>(body[0]) == static_cast<std::uint8_t>(command);
}

}  // namespace

std::string meaning(Nak reason) {
  switch (reason) {
    case Nak::bad_checksum:
      return "the frame came with a wrong checksum";
    case Nak::bad_destination:
      return "the address is none it may write to";
    case Nak::bad_length:
      return "the length does not fit";
    case Nak::early_end:
      return "the frame ended too early";
    case Nak::too_long:
      return "the frame is too long";
    case Nak::invalid_command:
      return "it does not know the command";
    case Nak::operation_failed:
      return "the operation failed";
    case Nak::wrong_flash_id:
      return "its flash chip is another one";
    case Nak::bad_voltage:
      return "the programming voltage is wrong";
    case Nak::verify_failed:
      return "what was written does not read back";
    case Nak::unlock_required:
      return "it has to be unlocked first";
    case Nak::bad_security_code:
      return "the security code is wrong";
    case Nak::not_permitted:
      return "it does not permit that";
    case Nak::bad_read_address:
      return "the address is none it may read";
  }
  return fmt::format("for reason {:#04x}, which is not known", static_cast<unsigned>(reason));
}

Buffer command(Command command) {
  return begin(command).take();
}

Buffer nak(Nak reason) {
  return begin(Command::nak).u16(static_cast<std::uint16_t>(reason)).take();
}

Buffer write(std::uint32_t address, ByteView data) {
  return begin(Command::write).u32(address).u16(static_cast<std::uint16_t>(data.size())).bytes(data).take();
}

Buffer go(std::uint32_t address) {
  return begin(Command::go).u32(address).take();
}

Buffer parameters(const Parameters& parameters) {
  return begin(Command::parameters)
      .u8(parameters.version)
      .u8(parameters.lowest_version)
      .u16(parameters.largest_write)
      .u8(parameters.model)
      .u8(parameters.device_size)
      .u8(parameters.device_type)
      .take();
}

std::optional<Parameters> parse_parameters(ByteView body) {
  if (!is(body, Command::parameters)) {
    return std::nullopt;
  }
  ByteReader in(body.subspan(1), Endian::big);
  Parameters parameters;
  parameters.version = in.u8();
  parameters.lowest_version = in.u8();
  parameters.largest_write = in.u16();
  parameters.model = in.u8();
  parameters.device_size = in.u8();
  parameters.device_type = in.u8();
  return in.failed() ? std::nullopt : std::optional(parameters);
}

std::optional<Nak> parse_nak(ByteView body) {
  if (!is(body, Command::nak)) {
    return std::nullopt;
  }
  ByteReader in(body.subspan(1), Endian::big);
  auto reason = static_cast<Nak>(in.u16());
  return in.failed() ? std::nullopt : std::optional(reason);
}

std::optional<Listener> who_answers_nop(ByteView body) {
  if (body.size() == 1 && is(body, Command::ack)) {
    return Listener::dload;
  }
  if (body.size() < 2) {
    return std::nullopt;
  }
  auto first = std::to_integer<std::uint8_t>(body[0]);
  if (first == diag_bad_command && is(body.subspan(1), Command::nop)) {
    return Listener::diag;
  }
  // Without regard to case: "Invalid Command" in one log, while a loader's own text spells it differently.
  if ((first == streaming_error || first == streaming_log) && as_text(body).find("nvalid ") != std::string_view::npos) {
    return Listener::streaming;
  }
  return std::nullopt;
}

}  // namespace modemedic::protocol::dload
