#pragma once

#include "operation/find_modem.h"
#include "operation/identify.h"
#include "operation/modem_records.h"

#include <optional>
#include <string>

namespace modemedic::operation {

/// Who a modem in EDL is, as far as it is remembered.
struct Recalled {
  std::optional<Identity> identity;  ///< by its chip's serial: for certain
  std::string guess;                 ///< by its port alone: a sentence for a person, never proof; empty: nobody known
};

/// Asks a modem in EDL for its chip, uploads nothing, and looks it up in what is remembered. A modem that doesn't tell
/// is nobody known; that is no failure.
Recalled recall(usb::Bus& bus, const Found& modem, ModemRecords& records, Events& events);

}  // namespace modemedic::operation
