#include "protocol/diag.h"

#include <algorithm>

namespace modemedic::protocol::diag {

namespace {

constexpr std::uint8_t version_command = 0x00;
constexpr std::uint8_t build_id_command = 0x7c;

/// Build date and time, then release date and time: 11, 8, 11, 8 characters behind the command.
constexpr std::size_t date_size = 11;
constexpr std::size_t time_size = 8;
constexpr std::size_t build_id_offset = 12;
constexpr std::size_t longest_build_id = 128;

bool is_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

Buffer version_request() {
  return Buffer{std::byte{version_command}};
}

Buffer build_id_request() {
  return Buffer{std::byte{build_id_command}};
}

Buffer switch_to_edl_request() {
  return Buffer{std::byte{0x4b}, std::byte{0x65}, std::byte{0x01}, std::byte{0x00}};
}

Buffer download_mode_request() {
  return Buffer{std::byte{0x3a}};
}

Buffer reset_request() {
  return Buffer{std::byte{0x29}, std::byte{0x02}, std::byte{0x00}};
}

std::optional<std::string> parse_version(ByteView body) {
  ByteReader reader(body, Endian::little);
  auto command = reader.u8();
  auto date = reader.text(date_size);
  auto time = reader.text(time_size);
  reader.take(date_size + time_size);  // of the release: the same on every modem seen
  if (reader.failed() || command != version_command || date.empty() || !is_text(date) || !is_text(time)) {
    return std::nullopt;
  }
  return date + " " + time;
}

std::optional<std::string> parse_build_id(ByteView body) {
  if (body.size() <= build_id_offset || std::to_integer<std::uint8_t>(body[0]) != build_id_command) {
    return std::nullopt;
  }
  auto rest = as_text(body.subspan(build_id_offset));
  auto revision = rest.substr(0, rest.find('\0'));
  if (revision.empty() || revision.size() > longest_build_id || !is_text(revision)) {
    return std::nullopt;
  }
  return std::string(revision);
}

}  // namespace modemedic::protocol::diag
