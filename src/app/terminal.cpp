#include "app/terminal.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

namespace modemedic::app {

namespace {

/// No label of ours is longer; what has a gap further right is a table.
constexpr std::size_t longest_label = 32;

/// Less is no place for text: the terminal breaks it as well.
constexpr std::size_t narrowest = 20;

/// Columns: a character of several bytes takes one.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// Where the text of a line begins: behind its indentation and its label.
std::size_t text_start(std::string_view line) {
  auto first = std::min(line.find_first_not_of(' '), line.size());
  auto gap = line.find("  ", first);
  auto behind_gap = line.find_first_not_of(' ', gap);  // nothing where there is no gap
  return behind_gap != std::string_view::npos && behind_gap <= longest_label ? behind_gap : first;
}

bool is_command(std::string_view text) {
  static constexpr std::array<std::string_view, 19> beginnings = {
      "--",     "list",     "doctor",   "mode",    "at ",  "gps",    "inspect", "check",   "plan",   "flash",
      "rescue", "rehearse", "fastboot", "catalog", "edl ", "backup", "restore", "virtual", "COMMAND"};
  constexpr std::string_view name = "modemedic ";
  return text.starts_with(name) && std::ranges::any_of(beginnings, [&](auto beginning) {
           return text.substr(name.size()).starts_with(beginning);
         });
}

/// The end of the piece that begins here and must stay together: a word, or a command up to the end of its clause.
std::size_t piece_end(std::string_view line, std::size_t start) {
  auto end = std::min(line.find(' ', start), line.size());
  auto opening = line.find_first_not_of("(`'\"", start);
  if (opening != std::string_view::npos && is_command(line.substr(opening))) {
    constexpr std::string_view clause_ends = ":;,.)`";
    while (end < line.size() && clause_ends.find(line[end - 1]) == std::string_view::npos) {
      end = std::min(line.find(' ', end + 1), line.size());
    }
  }
  return end;
}

std::string wrap_line(std::string_view line, std::size_t width) {
  auto start = text_start(line);
  auto hang = start + 2;
  if (columns(line) <= width || hang + narrowest > width) {
    return std::string(line);
  }
  std::string wrapped(line.substr(0, start));
  auto used = columns(wrapped);
  auto fresh = true;  // nothing but indentation and label stands on this line yet
  for (auto at = start; at < line.size();) {
    auto word = std::min(line.find_first_not_of(' ', at), line.size());
    auto end = word == line.size() ? word : piece_end(line, word);
    auto blanks = word - at;
    auto piece = line.substr(word, end - word);
    if (!fresh && used + blanks + columns(piece) > width) {
      wrapped += '\n' + std::string(hang, ' ');
      used = hang;
      blanks = 0;
    }
    wrapped += std::string(blanks, ' ');
    wrapped += piece;
    used += blanks + columns(piece);
    fresh = false;
    at = end;
  }
  return wrapped;
}

}  // namespace

int terminal_width(int descriptor) {
  winsize size{};
  if (isatty(descriptor) == 0) {
    return 0;
  }
  constexpr auto usual = 80;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : usual;
}

std::string wrap(const std::string& text, int width) {
  if (width <= 0) {
    return text;
  }
  std::string wrapped;
  for (std::size_t at = 0; at <= text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    wrapped +=
        (at == 0 ? "" : "\n") + wrap_line(std::string_view(text).substr(at, end - at), static_cast<std::size_t>(width));
    at = end + 1;
  }
  return wrapped;
}

void say(const std::string& text) {
  draw(wrap(text, terminal_width(STDERR_FILENO)));
}

void draw(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace modemedic::app
