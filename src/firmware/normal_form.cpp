#include "firmware/normal_form.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace modemedic::firmware {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

bool within(const auto& ranges, char32_t point) {
  return std::ranges::any_of(ranges,
                             [point](const Range& range) { return point >= range.first && point <= range.last; });
}

/// Blocks of what stands behind a letter and is one with it (Unicode, Blocks.txt), whole: one mark too many costs
/// nothing but a question.
bool is_mark(char32_t point) {
  constexpr std::array marks = {
      Range{0x0300, 0x036F},   // combining diacritical marks
      Range{0x0483, 0x0489},   // Cyrillic
      Range{0x0591, 0x05C7},   // Hebrew
      Range{0x0610, 0x061A},   // Arabic
      Range{0x064B, 0x0670},   //
      Range{0x093C, 0x094D},   // Devanagari
      Range{0x09BC, 0x09D7},   // Bengali
      Range{0x0A3C, 0x0DDF},   // Gurmukhi to Sinhala
      Range{0x0F71, 0x0FBC},   // Tibetan
      Range{0x1AB0, 0x1AFF},   // extended
      Range{0x1B34, 0x1B44},   // Balinese
      Range{0x1DC0, 0x1DFF},   // supplement
      Range{0x20D0, 0x20FF},   // for symbols
      Range{0x3099, 0x309A},   // Kana
      Range{0xFE20, 0xFE2F},   // half marks
      Range{0x11000, 0x11FFF}  // Indic scripts beyond the first plane
  };
  return within(marks, point);
}

/// Characters that stand for others in the normal forms though no mark is in sight.
bool is_double(char32_t point) {
  constexpr std::array doubles = {
      Range{0x0374, 0x0374}, Range{0x0387, 0x0387},                          // Greek signs
      Range{0x1100, 0x11FF},                                                 // letters that make Hangul syllables
      Range{0x1F00, 0x1FFF},                                                 // Greek with oxia, which is tonos
      Range{0x2000, 0x2001},                                                 // quads
      Range{0x2126, 0x212B},                                                 // ohm, angstrom
      Range{0x2329, 0x232A},                                                 // angle brackets
      Range{0xF900, 0xFAFF}, Range{0xFB1D, 0xFB4F}, Range{0x2F800, 0x2FA1F}  // compatibility ideographs, Hebrew
  };
  return within(doubles, point);
}

/// Those of them that stand for ASCII; letters in lower case.
char32_t plain(char32_t point) {
  switch (point) {
    case 0x037E:  // Greek question mark
      return ';';
    case 0x1FEF:  // Greek varia
      return '`';
    case 0x212A:  // kelvin sign
      return 'k';
    default:
      return point;
  }
}

char32_t take_point(std::string_view& text) {
  auto lead = static_cast<unsigned char>(text.front());
  std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t point = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < std::min(length, text.size()); ++i) {
    point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(std::min(length, text.size()));
  return plain(point);
}

}  // namespace

NormalForm normal_form(std::string_view path) {
  constexpr char anything = '\x01';  // stands in no safe path
  NormalForm form;
  while (!path.empty()) {
    auto point = take_point(path);
    auto mark = is_mark(point);
    form.may_change = form.may_change || mark || is_double(point);
    if (point < 0x80) {
      form.likeness += static_cast<char>(point);
      continue;
    }
    form.is_ascii = false;
    if (mark && !form.likeness.empty() && form.likeness.back() != '/') {
      form.likeness.pop_back();  // the letter that it belongs to
    }
    if (!form.likeness.ends_with(anything)) {
      form.likeness += anything;
    }
  }
  return form;
}

}  // namespace modemedic::firmware
