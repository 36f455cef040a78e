#pragma once

#include <string>

namespace modemedic::app {

/// How many columns the terminal behind a descriptor has; 0 when it is none.
int terminal_width(int descriptor);

/// Text as it fits a terminal: each line that is longer than `width` is broken between words, and goes on two columns
/// behind where its text began (behind its label, when it has one: "  seen        USB: …"). A command of ours is not
/// broken: it stays what can be copied. `width` 0 changes nothing.
std::string wrap(const std::string& text, int width);

/// Writes to stderr, wrapped where that is a terminal. One that can't be written to (a log on a full disk) is no reason
/// to let a flash down: it is not told.
void say(const std::string& text);

/// The same with nothing wrapped: a bar that is drawn over again stays one line.
void draw(const std::string& text);

}  // namespace modemedic::app
