#include "protocol/streaming_wire.h"

#include "protocol/hdlc.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::protocol::streaming {

namespace {

constexpr std::string_view host_magic = "QCOM fast download protocol host";
constexpr std::string_view target_magic = "QCOM fast download protocol targ";
constexpr std::uint8_t our_version = 3;
constexpr std::uint8_t our_lowest = 2;
/// Uncompressed, multi-image.
constexpr std::uint8_t our_features = 9;
constexpr std::uint8_t trusted = 1;
constexpr std::uint8_t no_override = 0;
constexpr std::uint8_t custom_image = 0x0e;
constexpr std::size_t most_sectors = 4096;

ByteWriter begin(Command command) {
  ByteWriter out(Endian::little);
  out.u8(static_cast<std::uint8_t>(command));
  return out;
}

bool is(ByteView body, Command command) {
  return !body.empty() && std::to_integer<std::uint8_t>(body[0]) == static_cast<std::uint8_t>(command);
}

}  // namespace

Buffer hello() {
  return begin(Command::hello).bytes(as_bytes(host_magic)).u8(our_version).u8(our_lowest).u8(our_features).take();
}

Buffer security_trusted() {
  return begin(Command::security).u8(trusted).take();
}

Buffer partition_table(ByteView table) {
  return begin(Command::table).u8(no_override).bytes(table).take();
}

Buffer open(std::string_view name) {
  return begin(Command::open).u8(custom_image).text(name, name.size() + 1).take();
}

Buffer close() {
  return begin(Command::close).take();
}

Buffer reset() {
  return begin(Command::reset).take();
}

Buffer write_frame(std::uint32_t offset, ByteView data) {
  return hdlc_frame(begin(Command::write).u32(offset).bytes(data).take(), true);
}

std::optional<Target> parse_target(ByteView body) {
  if (!is(body, Command::hello_answer)) {
    return std::nullopt;
  }
  ByteReader in(body.subspan(1), Endian::little);
  Target target;
  if (as_text(in.take(target_magic.size())) != target_magic) {
    return std::nullopt;
  }
  target.version = in.u8();
  target.lowest_version = in.u8();
  target.block_size = in.u32();
  target.flash_base = in.u32();
  target.flash_name = in.text(in.u8());
  target.window = in.u16();
  auto count = in.u16();
  if (in.failed() || count > most_sectors || count > in.rest().size() / sizeof(std::uint32_t)) {
    return std::nullopt;
  }
  for (std::uint16_t i = 0; i < count; ++i) {
    target.sectors.push_back(in.u32());
  }
  target.features = in.u8();
  return in.failed() ? std::nullopt : std::optional(std::move(target));
}

Buffer target(const Target& target) {
  auto name = std::string_view(target.flash_name).substr(0, 255);
  auto out = begin(Command::hello_answer);
  out.bytes(as_bytes(target_magic)).u8(target.version).u8(target.lowest_version);
  out.u32(target.block_size).u32(target.flash_base);
  out.u8(static_cast<std::uint8_t>(name.size())).bytes(as_bytes(name));
  out.u16(target.window).u16(static_cast<std::uint16_t>(target.sectors.size()));
  for (auto sector : target.sectors) {
    out.u32(sector);
  }
  return out.u8(target.features).take();
}

std::string meaning(TableAnswer answer) {
  switch (answer) {
    case TableAnswer::accepted:
      return "accepted";
    case TableAnswer::differs:
      return "it differs from the one on the chip";
    case TableAnswer::not_recognised:
      return "its form is not recognised";
    case TableAnswer::erase_failed:
      return "erasing failed";
  }
  return fmt::format("status {}", static_cast<unsigned>(answer));
}

std::string meaning(OpenAnswer answer) {
  switch (answer) {
    case OpenAnswer::opened:
      return "opened";
    case OpenAnswer::payload_too_long:
      return "the name is too long";
    case OpenAnswer::payload_not_expected:
      return "it wants no name for this kind of image";
    case OpenAnswer::payload_required:
      return "it wants a name for this kind of image";
    case OpenAnswer::block_0_protected:
      return "block 0 is write-protected";
  }
  return fmt::format("status {}", static_cast<unsigned>(answer));
}

std::optional<LoaderError> parse_error(ByteView body) {
  if (!is(body, Command::error)) {
    return std::nullopt;
  }
  ByteReader in(body.subspan(1), Endian::little);
  LoaderError error;
  error.code = in.u32();
  if (in.failed()) {
    return std::nullopt;
  }
  auto text = as_text(in.rest());
  error.text = text.substr(0, text.find_first_of(std::string_view("\0\r\n", 3)));
  return error;
}

std::vector<Buffer> error_frames(const LoaderError& error) {
  return {begin(Command::log).bytes(as_bytes(error.text)).bytes(as_bytes("\n")).take(),
          begin(Command::error).u32(error.code).bytes(as_bytes(error.text)).take()};
}

std::string meaning_of_error(std::uint32_t code) {
  switch (code) {
    case 0x02:
      return "the destination is invalid";
    case 0x03:
      return "the length is invalid";
    case 0x04:
      return "the frame ended too early";
    case 0x05:
      return "the command is invalid";
    case 0x07:
      return "the operation failed";
    case 0x08:
      return "the flash chip is another one";
    case 0x09:
      return "the programming voltage is wrong";
    case 0x0a:
      return "what was written does not read back";
    case 0x0c:
      return "the security code is wrong";
    case 0x0d:
      return "it cannot power down";
    case 0x0e:
      return "this NAND is not supported";
    case 0x0f:
      return "the command came out of sequence";
    case 0x10:
      return "closing failed";
    case 0x11:
      return "the feature bits do not fit";
    case 0x12:
      return "there is no space left";
    case 0x13:
      return "the security mode does not fit";
    case 0x14:
      return "multi-image is not supported";
    case 0x15:
      return "power off is not supported";
    default:
      return fmt::format("error {:#04x}, which is not known", code);
  }
}

}  // namespace modemedic::protocol::streaming
