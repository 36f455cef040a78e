#include "virtual/firehose_parser.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr std::size_t longest_tag = 30;
constexpr std::size_t longest_name = 80;
constexpr std::size_t longest_value = 80;

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view not_formed = "ERROR: XML not formed correctly. Expected a < character at loc 0";
constexpr std::string_view no_tag = "ERROR: XML packet not formed correctly. Ran out of room looking for TAG";

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
}

void skip_past(std::string_view& text, std::string_view end) {
  auto at = text.find(end);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + end.size());
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

/// The next opening tag's name, up to a blank or `>`: `<nop/>` is the tag `nop/`. Nothing when there is none.
std::optional<std::string_view> next_tag(std::string_view& text) {
  for (;;) {
    skip_past(text, "<");
    if (text.empty()) {
      return std::nullopt;
    }
    if (text.starts_with("!--")) {
      skip_past(text, "-->");
    } else if (text.starts_with('?') || text.starts_with('/')) {
      skip_past(text, ">");
    } else {
      auto end = std::min(text.find_first_of(" \t\r\n>"), text.size());
      auto tag = text.substr(0, end);
      text.remove_prefix(end);
      return tag;
    }
  }
}

char letter(FirehoseAttributes::Kind kind) {
  switch (kind) {
    case FirehoseAttributes::Kind::text:
      return 's';
    case FirehoseAttributes::Kind::sector:
      return 'w';
    case FirehoseAttributes::Kind::number:
      break;
  }
  return 'd';
}

}  // namespace

FirehoseParser::Outcome FirehoseParser::parse(std::span<const char> memory, std::size_t length) {
  Outcome outcome;
  std::string_view buffer(memory.data(), memory.size());
  auto text = buffer.substr(0, length);
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  skip_blanks(text);
  if (!text.starts_with('<')) {
    outcome.logs.emplace_back(not_formed);
    return outcome;
  }
  poisoned_ = poisoned_ || length == memory.size();
  if (poisoned_) {
    outcome.logs.emplace_back(no_tag);
    return outcome;
  }
  if (!parse_tag(text, outcome)) {
    return outcome;
  }
  attributes_.begin_packet();
  std::size_t count = 0;
  outcome.accepted = parse_attributes(text, outcome, count);
  if (outcome.accepted && count == 0) {
    auto leftover = buffer.substr(length);
    leftover.remove_prefix(std::min(leftover.find_first_of(blanks), leftover.size()));
    parse_attributes(leftover, outcome, count);
    outcome.accepted = count > 0;
  }
  return outcome;
}

/// Finds the command and leaves `text` behind its name.
bool FirehoseParser::parse_tag(std::string_view& text, Outcome& outcome) {
  auto header = text.find("<?xml version") != std::string_view::npos;
  auto tag = next_tag(text);
  if (header && tag && lower_case(*tag) == "data") {  // without the header, `data` is a command like any other
    tag = next_tag(text);
  }
  if (!tag) {
    outcome.logs.emplace_back(no_tag);
    return false;
  }
  if (tag->size() > longest_tag) {
    outcome.logs.push_back(
        fmt::format("ERROR: The XML TAG is too long ({} chars) only {} chars allowed", tag->size(), longest_tag));
    return false;
  }
  outcome.tag = lower_case(*tag);
  if (std::find(tags_.begin(), tags_.end(), outcome.tag) == tags_.end()) {
    outcome.logs.push_back(fmt::format("**WARNING Ignoring Unrecognized tag '{}'", *tag));
    return false;
  }
  return true;
}

/// Reads name="value" up to the tag's end. False when something else stands there, or nothing more.
bool FirehoseParser::parse_attributes(std::string_view text, Outcome& outcome, std::size_t& count) {
  for (;;) {
    skip_blanks(text);
    if (text.starts_with('>') || text.starts_with("/>")) {
      return true;
    }
    if (!parse_attribute(text, outcome)) {
      return false;
    }
    ++count;
  }
}

bool FirehoseParser::parse_attribute(std::string_view& text, Outcome& outcome) {
  auto name = text.substr(0, text.find_first_of("= \t\r\n\"<>"));
  text.remove_prefix(name.size());
  if (name.empty() || name.size() > longest_name || !text.starts_with("=\"")) {
    return false;
  }
  text.remove_prefix(2);
  auto end = text.find('"');
  if (end > longest_value) {  // or there is none
    return false;
  }
  auto value = text.substr(0, end);
  text.remove_prefix(end + 1);
  auto attribute = FirehoseAttributes::find(name);
  if (!attribute) {
    return true;
  }
  if (!attributes_.assign(*attribute, value)) {
    return false;
  }
  if (attributes_.number(Attribute::verbose) == 1) {
    const auto& entry = FirehoseAttributes::entry(*attribute);
    outcome.logs.push_back(fmt::format("Recognized Attribute Number {} ('{}') with value '{}' type is '{}'",
                                       static_cast<unsigned>(*attribute), entry.name, value, letter(entry.kind)));
  }
  return true;
}

}  // namespace modemedic::twin
