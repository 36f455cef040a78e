#include "base/bytes.h"

#include <fmt/format.h>

namespace modemedic {

namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  auto lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') {
    return static_cast<unsigned>(lower - 'a') + 10;
  }
  return std::nullopt;
}

}  // namespace

std::string hex(ByteView bytes) {
  std::string text;
  for (auto byte : bytes) {
    fmt::format_to(std::back_inserter(text), "{}{:02x}", text.empty() ? "" : " ", std::to_integer<unsigned>(byte));
  }
  return text;
}

std::optional<Buffer> from_hex(std::string_view text) {
  Buffer bytes;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    auto high = hex_digit(text[i]);
    auto low = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    if (!high || !low) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<std::byte>(*high << 4U | *low));
    i += 2;
  }
  return bytes;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string shown;
  for (char c : text) {
    if (shown.size() >= limit) {
      return shown + "...";
    }
    if (c >= ' ' && c <= '~') {
      shown += c;
    } else {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return shown;
}

}  // namespace modemedic
