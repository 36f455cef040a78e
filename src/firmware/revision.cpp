#include "firmware/revision.h"

#include "firmware/revision_grammar.h"

namespace modemedic::firmware {

namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}

bool capital(char c) {
  return c >= 'A' && c <= 'Z';
}

bool capital_or_digit(char c) {
  return capital(c) || digit(c);
}

/// Walks over a text; at its end peek() is NUL.
class Cursor {
public:
  Cursor(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  std::size_t at() const { return at_; }

  void skip(std::size_t count) { at_ += count; }

  bool take(char c) {
    bool there = peek() == c;
    at_ += there ? 1 : 0;
    return there;
  }

  std::string_view since(std::size_t start) const { return text_.substr(start, at_ - start); }

private:
  std::string_view text_;
  std::size_t at_;
};

unsigned two_digits(std::string_view text, std::size_t at) {
  return static_cast<unsigned>((text[at] - '0') * 10 + (text[at + 1] - '0'));
}

std::string_view order_code_before(std::string_view text, std::size_t anchor) {
  auto start = anchor;
  while (start > 0 && capital_or_digit(text[start - 1])) {
    --start;
  }
  auto code = text.substr(start, anchor - start);
  // Order codes begin with the family's two letters and hold the model's number: EC25EFA, RM502QAEAA.
  bool plausible = code.size() >= 4 && code.size() <= revision_grammar::longest_order_code && capital(code[0]) &&
                   capital(code[1]) && code.find_first_of("0123456789") != std::string_view::npos;
  return plausible ? code : std::string_view{};
}

/// [M<n>|E<n>]G[A]
std::string read_memory(Cursor& cursor) {
  auto begin = cursor.at();
  auto probe = cursor;
  if (probe.peek() == 'M' || probe.peek() == 'E') {
    probe.skip(1);
    while (digit(probe.peek())) {
      probe.skip(1);
    }
    if (probe.at() < begin + 2) {
      return {};
    }
  }
  bool sized = probe.at() > begin;
  if (!probe.take('G')) {
    return {};
  }
  std::string memory(sized ? probe.since(begin) : std::string_view{});
  probe.take('A');
  cursor = probe;
  return memory;
}

/// Does a word end here? A token that runs into other letters ("_Release") is no part of the name.
bool word_ends(const Cursor& cursor) {
  char next = cursor.peek();
  return !capital_or_digit(next) && !(next >= 'a' && next <= 'z');
}

/// _<suffix>: capitals and digits.
std::string read_suffix(Cursor& cursor) {
  auto probe = cursor;
  auto begin = probe.at();
  if (!probe.take('_') || !capital_or_digit(probe.peek())) {
    return {};
  }
  while (capital_or_digit(probe.peek())) {
    probe.skip(1);
  }
  bool dotted = probe.peek() == '.' && capital_or_digit(probe.peek(1));
  if (!word_ends(probe) || dotted) {
    return {};
  }
  cursor = probe;
  return std::string(probe.since(begin));
}

/// A field of a sub-version: up to four capitals and digits that end with a digit ("006", "A0", "A300", not "ZIP").
bool skip_field(Cursor& cursor) {
  auto probe = cursor;
  bool ends_well = false;
  while (capital_or_digit(probe.peek()) && probe.at() < cursor.at() + 4) {
    ends_well = digit(probe.peek());
    probe.skip(1);
  }
  if (!ends_well || !word_ends(probe)) {
    return false;
  }
  cursor = probe;
  return true;
}

/// _<a.bbb.c.ddd>: two to four fields, since real names have odd ones.
std::string read_sub_version(Cursor& cursor) {
  auto probe = cursor;
  if (!probe.take('_')) {
    return {};
  }
  auto begin = probe.at();
  if (!skip_field(probe)) {
    return {};
  }
  auto fields = 1;
  while (fields < 4 && probe.peek() == '.') {
    auto next = probe;
    next.skip(1);
    if (!skip_field(next)) {
      break;
    }
    probe = next;
    ++fields;
  }
  if (fields < 2) {
    return {};
  }
  cursor = probe;
  return std::string(probe.since(begin));
}

}  // namespace

namespace revision_grammar {

bool anchor_at(std::string_view text, std::size_t at) {
  return at + anchor_size <= text.size() && text[at] == 'R' && digit(text[at + 1]) && digit(text[at + 2]) &&
         text[at + 3] == 'A' && digit(text[at + 4]) && digit(text[at + 5]);
}

std::optional<Revision> read_around(std::string_view text, std::size_t anchor) {
  auto code = order_code_before(text, anchor);
  if (code.empty()) {
    return std::nullopt;
  }
  Revision revision;
  revision.order_code = code;
  revision.baseline = two_digits(text, anchor + 1);
  revision.release = two_digits(text, anchor + 4);

  Cursor cursor(text, anchor + anchor_size);
  revision.memory = read_memory(cursor);
  if (capital_or_digit(cursor.peek())) {
    return std::nullopt;  // R06A170…, …M4GX: some other word
  }
  for (auto suffix = read_suffix(cursor); !suffix.empty(); suffix = read_suffix(cursor)) {
    revision.suffix += suffix;
  }
  revision.sub_version = read_sub_version(cursor);
  revision.text = cursor.since(anchor - code.size());
  return revision.text.size() <= longest_name ? std::optional(std::move(revision)) : std::nullopt;
}

}  // namespace revision_grammar

std::string Revision::short_text() const {
  return sub_version.empty() ? text : text.substr(0, text.size() - sub_version.size() - 1);
}

std::optional<Revision> parse_revision(std::string_view text) {
  auto revision = find_revision(text);
  return revision && revision->text == text ? revision : std::nullopt;
}

std::optional<Revision> find_revision(std::string_view text) {
  for (auto at = text.find('R'); at != std::string_view::npos; at = text.find('R', at + 1)) {
    if (revision_grammar::anchor_at(text, at)) {
      if (auto revision = revision_grammar::read_around(text, at)) {
        return revision;
      }
    }
  }
  return std::nullopt;
}

}  // namespace modemedic::firmware
