#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace modemedic::knowledge {

/// A row of data/at-commands.toml: what a person should know who types such a command.
struct AtAdvice {
  std::string id;
  std::vector<std::string> commands;  ///< beginnings behind AT, in capitals and without blanks
  std::string because;                ///< what it does
  std::string next;                   ///< what to do after it
  std::string awaits;                 ///< an unasked line that tells when it is done; empty: none
  bool leaves = false;                ///< it leaves the bus, or may: no answer is no failure
  bool refused = false;               ///< this tool does not send it
};

/// @return Code::bug naming the row and key that is wrong
Result<std::vector<AtAdvice>> parse_at_advice(std::string_view toml);

/// The built-in rows.
const std::vector<AtAdvice>& at_advice();

/// The row for a command line as a person typed it ("at+cfun=1,1", "AT+QGMR;+QFASTBOOT"), or nullptr. Of several
/// commands in one line, the first that has a row; one that is refused goes before the others.
const AtAdvice* find_at_advice(std::string_view command);

}  // namespace modemedic::knowledge
