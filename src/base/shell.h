#pragma once

#include <string>
#include <string_view>

/// Commands that a person pastes into a shell.
namespace modemedic {

/// A text as one word of a POSIX shell, which it takes for just these bytes: a path with spaces, quotes, `$`, or one
/// that begins with a dash and would be taken for an option. What no terminal should be shown (control characters,
/// bytes that are not ASCII) is written in octal. Never shortened: half a command is none.
/// @param text  a path, or whatever holds no NUL
std::string shell_word(std::string_view text);

}  // namespace modemedic
