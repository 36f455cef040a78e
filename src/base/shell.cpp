#include "base/shell.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic {

namespace {

bool is_plain(char c) {
  constexpr std::string_view marks = "_./:@%+,=-";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         marks.find(c) != std::string_view::npos;
}

bool is_shown(char c) {
  return c >= ' ' && c <= '~';
}

/// Between single quotes nothing means anything but the single quote.
std::string quoted(std::string_view text) {
  std::string word = "'";
  for (char c : text) {
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return word + "'";
}

/// By printf, which every POSIX shell has; `$'…'` some don't. What `$(…)` would cut off its end stands behind it.
std::string printed(std::string_view text) {
  auto end = text.find_last_not_of('\n');
  auto kept = end == std::string_view::npos ? 0 : end + 1;
  std::string format;
  for (char c : text.substr(0, kept)) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '\\') {
      format += std::string(2, c);
    } else {
      format += is_shown(c) && c != '\'' ? std::string(1, c) : fmt::format("\\{:03o}", byte);
    }
  }
  return fmt::format("\"$(printf '{}'){}\"", format, text.substr(kept));
}

}  // namespace

std::string shell_word(std::string_view text) {
  auto word = std::string(text.starts_with('-') ? "./" : "").append(text);
  if (!std::ranges::all_of(word, is_shown)) {
    return printed(word);
  }
  return word.empty() || !std::ranges::all_of(word, is_plain) ? quoted(word) : word;
}

}  // namespace modemedic
