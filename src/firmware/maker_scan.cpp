#include "firmware/maker_scan.h"

#include <algorithm>

namespace modemedic::firmware {

namespace {

/// A text that one vendor's images hold and nobody else's do.
struct Mark {
  std::string_view vendor;
  std::string_view text;
  std::size_t digits = 0;  ///< that must follow
};

// At least six bytes each, so that 300 MB of noise hold one with a chance of one in a million. All begin with an S:
// the search for it is memchr, and costs a tenth of the digest.
constexpr char first_letter = 'S';
constexpr Mark marks[] = {
    {"SIMCom", "SIMCOM"},
    {"SIMCom", "SIM7", 3},
    {"Sierra Wireless", "SWI9X", 2},
    {"Sierra Wireless", "Sierra Wireless"},
};

constexpr std::size_t longest_mark = 16;

bool digits_at(std::string_view text, std::size_t at, std::size_t count) {
  auto part = text.substr(std::min(at, text.size()), count);
  return part.size() == count && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void MakerScan::look(std::string_view text) {
  for (auto at = text.find(first_letter); at != std::string_view::npos; at = text.find(first_letter, at + 1)) {
    for (std::size_t i = 0; i < std::size(marks); ++i) {
      const auto& mark = marks[i];
      if (text.substr(at).starts_with(mark.text) && digits_at(text, at + mark.text.size(), mark.digits)) {
        seen_ |= 1U << i;
      }
    }
  }
}

void MakerScan::feed(ByteView chunk) {
  auto text = as_text(chunk);
  tail_ += text.substr(0, longest_mark);
  look(tail_);
  look(text);
  if (text.size() >= longest_mark) {
    tail_ = text.substr(text.size() - longest_mark);
  } else if (tail_.size() > longest_mark) {
    tail_.erase(0, tail_.size() - longest_mark);
  }
}

std::vector<std::string> MakerScan::found() const {
  std::vector<std::string> vendors;
  for (std::size_t i = 0; i < std::size(marks); ++i) {
    if ((seen_ & 1U << i) != 0 && std::ranges::find(vendors, marks[i].vendor) == vendors.end()) {
      vendors.emplace_back(marks[i].vendor);
    }
  }
  return vendors;
}

}  // namespace modemedic::firmware
