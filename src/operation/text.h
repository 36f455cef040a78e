#pragma once

#include <algorithm>
#include <string_view>

namespace modemedic::operation {

/// Whether a text is a number without sign, such as an IMEI.
inline bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace modemedic::operation
