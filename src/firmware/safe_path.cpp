#include "firmware/safe_path.h"

#include "base/bytes.h"

#include <vector>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::size_t longest_path = 1024;
constexpr std::size_t longest_part = 255;
constexpr std::size_t most_parts = 32;

Failure dangerous(std::string_view raw, std::string_view why) {
  return fail(Code::package_bad)
      .what(fmt::format("the path \"{}\" {}", printable(raw), why))
      .hint("a firmware package holds no such path; do not use this one, and download it again from the vendor");
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Length of the UTF-8 sequence at the start of `text`; 0 when it is none, overlong, a surrogate, or a C1 control.
std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  auto lead = byte(0);
  if (lead < 0x80) {
    return 1;
  }
  std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) {
    return 0;
  }
  std::uint32_t point = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) {
      return 0;
    }
    point = point << 6U | (byte(i) & 0x3FU);
  }
  bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  bool no_character = point < 0xA0 || (point >= 0xD800 && point <= 0xDFFF) || point > 0x10FFFF;
  return overlong || no_character ? 0 : length;
}

std::string to_utf8(std::string_view raw) {
  std::string text;
  while (!raw.empty()) {
    auto length = utf8_length(raw);
    if (length == 0) {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(raw[0]));
      length = 1;
    } else {
      text += raw.substr(0, length);
    }
    raw.remove_prefix(length);
  }
  return text;
}

Result<void> check_characters(std::string_view raw) {
  if (raw.empty()) {
    return dangerous(raw, "is empty");
  }
  if (raw.size() > longest_path) {
    return dangerous(raw, fmt::format("is longer than {} bytes", longest_path));
  }
  for (char c : raw) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return dangerous(raw, "holds a control character");
    }
  }
  if (raw[0] == '/' || raw[0] == '\\') {
    return dangerous(raw, "is absolute");
  }
  if (raw.size() >= 2 && is_letter(raw[0]) && raw[1] == ':') {
    return dangerous(raw, "names a drive");
  }
  return {};
}

/// Walks `raw` part by part on top of `parts`, which may shrink by ".." down to nothing but not below.
Result<void> append_parts(std::vector<std::string>& parts, std::string_view raw, bool may_climb) {
  std::string_view rest = raw;
  while (!rest.empty()) {
    auto end = rest.find_first_of("/\\");
    auto part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (part.empty() || part == ".") {
      continue;
    }
    if (part == "..") {
      if (!may_climb || parts.empty()) {
        return dangerous(raw, "climbs out of the package");
      }
      parts.pop_back();
      continue;
    }
    auto text = to_utf8(part.substr(0, longest_part + 1));
    if (text.size() > longest_part || parts.size() == most_parts) {
      return dangerous(raw, fmt::format("has a part of over {} bytes, or over {} parts", longest_part, most_parts));
    }
    parts.push_back(std::move(text));
  }
  return {};
}

/// What comes out is held to the same as what came in: a drive may stand behind "./", and bytes that are no UTF-8 grow.
Result<std::string> join(const std::vector<std::string>& parts, std::string_view raw) {
  if (parts.empty()) {
    return dangerous(raw, "names no file");
  }
  auto path = fmt::format("{}", fmt::join(parts, "/"));
  TRY(check_characters(path));
  return path;
}

}  // namespace

Result<std::string> safe_path(std::string_view raw) {
  TRY(check_characters(raw));
  std::vector<std::string> parts;
  TRY(append_parts(parts, raw, false));
  return join(parts, raw);
}

Result<std::string> resolve_path(std::string_view folder, std::string_view relative) {
  TRY(check_characters(relative));
  std::vector<std::string> parts;
  TRY(append_parts(parts, folder, false));
  TRY(append_parts(parts, relative, true));
  return join(parts, relative);
}

std::string fold_case(std::string_view path) {
  std::string folded(path);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return folded;
}

std::string_view folder_of(std::string_view path) {
  auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view last_part(std::string_view path) {
  auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace modemedic::firmware
