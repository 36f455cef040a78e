#pragma once

#include "app/grammar.h"
#include "operation/modem_records.h"

#include <string>

namespace modemedic::app {

/// What is remembered of modems, in the folder `modems` of the data directory.
operation::ModemRecords open_records(const GlobalOptions& global, Events& events);

/// Now, UTC, ISO 8601: "2026-11-21T09:30:00Z".
std::string utc_now();

}  // namespace modemedic::app
