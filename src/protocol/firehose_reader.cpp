#include "protocol/firehose_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace modemedic::protocol::firehose {

namespace {

constexpr std::string_view document_end = "</data>";
constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t longest_entity = 10;  ///< &#x10FFFF;

struct Entity {
  std::string_view name;
  char character;
};

constexpr std::array<Entity, 5> entities = {
    {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

void append_utf8(std::string& text, std::uint32_t code) {
  auto put = [&text](std::uint32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | code >> 6U);
    put(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    put(0xe0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3fU));
    put(0x80U | (code & 0x3fU));
  } else {
    put(0xf0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3fU));
    put(0x80U | (code >> 6U & 0x3fU));
    put(0x80U | (code & 0x3fU));
  }
}

/// Appends the character that `entity` ("&#x41;", "&lt;") stands for; false when it stands for none.
bool append_entity(std::string& text, std::string_view entity) {
  for (const auto& known : entities) {
    if (entity == known.name) {
      text += known.character;
      return true;
    }
  }
  if (!entity.starts_with("&#")) {
    return false;
  }
  auto hexadecimal = entity.size() > 2 && lower(entity[2]) == 'x';
  auto digits = entity.substr(hexadecimal ? 3 : 2);
  digits.remove_suffix(1);
  std::uint32_t code = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, hexadecimal ? 16 : 10);
  auto surrogate = code >= 0xd800 && code < 0xe000;
  if (error != std::errc{} || end != digits.data() + digits.size() || code == 0 || code > 0x10ffff || surrogate) {
    return false;
  }
  append_utf8(text, code);
  return true;
}

/// Walks over the text of one document.
class Cursor {
public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  bool at(std::string_view text) const { return rest_.starts_with(text); }

  void skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }

  void skip_blanks() { skip(rest_.find_first_not_of(blanks)); }

  /// What stands before the first of `stops`; the cursor is then at that stop.
  std::string_view until(std::string_view stops) {
    auto found = rest_.substr(0, rest_.find_first_of(stops));
    skip(found.size());
    return found;
  }

  /// Goes behind the next `text`, or to the end.
  void skip_past(std::string_view text) {
    auto found = rest_.find(text);
    skip(found == std::string_view::npos ? rest_.size() : found + text.size());
  }

private:
  std::string_view rest_;
};

std::string_view take_value(Cursor& cursor) {
  cursor.skip_blanks();
  for (std::string_view quote : {"\"", "'"}) {
    if (cursor.at(quote)) {
      cursor.skip(1);
      auto value = cursor.until(quote);
      cursor.skip(1);
      return value;
    }
  }
  return cursor.until(" \t\r\n/>");
}

/// The cursor is behind the '<' of a start tag.
Element take_element(Cursor& cursor) {
  Element element;
  element.name = cursor.until(" \t\r\n/><");
  for (;;) {
    cursor.skip_blanks();
    if (cursor.at("/")) {
      cursor.skip(1);
    } else if (cursor.at_end() || cursor.at(">") || cursor.at("<")) {
      return element;
    } else {
      auto name = cursor.until(" \t\r\n=/><");
      cursor.skip_blanks();
      if (cursor.at("=")) {
        cursor.skip(1);
        element.attributes.emplace_back(name, resolve_entities(take_value(cursor)));
      }
    }
  }
}

std::vector<Element> take_elements(std::string_view document) {
  std::vector<Element> elements;
  Cursor cursor(document);
  for (;;) {
    cursor.skip_past("<");
    if (cursor.at_end()) {
      return elements;
    }
    if (cursor.at("!--")) {
      cursor.skip_past("-->");
    } else if (!cursor.at("?") && !cursor.at("/") && !cursor.at("!")) {
      elements.push_back(take_element(cursor));
    }
  }
}

}  // namespace

const std::string* Element::find(std::string_view attribute) const {
  auto found = std::find_if(attributes.begin(), attributes.end(),
                            [attribute](const auto& one) { return same_name(one.first, attribute); });
  return found == attributes.end() ? nullptr : &found->second;
}

void DocumentReader::feed(ByteView bytes) {
  pending_.erase(0, taken_);
  searched_ -= taken_;
  taken_ = 0;
  pending_ += as_text(bytes);
}

std::optional<std::vector<Element>> DocumentReader::next() {
  if (broken_) {
    return std::nullopt;
  }
  auto end = pending_.find(document_end, searched_);
  auto length = (end == std::string::npos ? pending_.size() : end) - taken_;
  if (length > limit_) {
    broken_ = true;
    return std::nullopt;
  }
  if (end == std::string::npos) {
    // The end itself may be cut.
    searched_ = std::max(taken_, pending_.size() - std::min(pending_.size(), document_end.size() - 1));
    return std::nullopt;
  }
  auto elements = take_elements(std::string_view(pending_).substr(taken_, length));
  taken_ = searched_ = end + document_end.size();
  return elements;
}

Buffer DocumentReader::take_rest() {
  auto rest = as_bytes(pending_).subspan(taken_);
  Buffer bytes(rest.begin(), rest.end());
  pending_.clear();
  taken_ = searched_ = 0;
  return bytes;
}

std::string resolve_entities(std::string_view text) {
  std::string resolved;
  resolved.reserve(text.size());
  while (!text.empty()) {
    auto plain = text.substr(0, text.find('&'));
    resolved += plain;
    text.remove_prefix(plain.size());
    auto end = text.substr(0, longest_entity).find(';');
    if (end != std::string_view::npos && append_entity(resolved, text.substr(0, end + 1))) {
      text.remove_prefix(end + 1);
    } else if (!text.empty()) {
      resolved += text.front();
      text.remove_prefix(1);
    }
  }
  return resolved;
}

std::string escape_attribute(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (char c : text) {
    auto known = std::find_if(entities.begin(), entities.end(), [c](const Entity& e) { return e.character == c; });
    if (known != entities.end() && c != '\'') {
      escaped += known->name;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace modemedic::protocol::firehose
