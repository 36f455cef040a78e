#pragma once

#include <string>
#include <string_view>

/// Unicode has more than one spelling for the same name: "é" is one character, or an "e" with a mark behind it. Some
/// systems take both for one file (macOS), most for two.
namespace modemedic::firmware {

/// What two spellings of a path have in common. Without the tables of Unicode it is a rough likeness: whatever is not
/// ASCII, and a letter with marks behind it, is the same as anything else of that kind.
struct NormalForm {
  std::string likeness;
  bool is_ascii = true;     ///< the likeness is the name itself, characters that only stand for ASCII replaced
  bool may_change = false;  ///< it has a mark, a Hangul letter or another's double: it can be spelled otherwise
};

/// @param path  safe (safe_path), so UTF-8
NormalForm normal_form(std::string_view path);

}  // namespace modemedic::firmware
