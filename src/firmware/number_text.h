#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace modemedic::firmware {

/// A whole text that is one decimal or 0x-hex number and nothing else; nothing for signs, blanks, and what does not
/// fit into 64 bits.
inline std::optional<std::uint64_t> number_of(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  auto [rest, problem] = std::from_chars(text.data(), end, value, base);
  return problem == std::errc{} && rest == end ? std::optional(value) : std::nullopt;
}

}  // namespace modemedic::firmware
