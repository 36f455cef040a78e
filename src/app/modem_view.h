#pragma once

#include "app/output.h"
#include "operation/ask_modem.h"
#include "operation/modem_records.h"

#include <optional>
#include <string>
#include <vector>

/// How a modem in sight is shown, as text and as JSON.
namespace modemedic::app {

/// A modem in sight, what it answered, and what was known of it before.
struct Listed {
  operation::Found found;
  operation::Asked asked;
  std::optional<operation::ModemRecords::Known> known;
};

/// "proven" when it answered as its state must, "likely" by its shape, "unknown" for what may be no modem of ours.
std::string certainty(const Listed& modem);

/// All that is known of it, for a `modem` object.
Json to_json(const Listed& modem);

/// The heading over lines.
std::string heading();

/// One line: port, state, certainty, what it is, what to do next. Safe for a terminal.
std::string line_of(const Listed& modem);

/// All of them as a table that fits `width` columns; 0: one line each, whatever its length. Where there is no room for
/// what to do next, it stands below, and "nothing" is left out.
std::vector<std::string> table_of(const std::vector<Listed>& modems, int width);

}  // namespace modemedic::app
