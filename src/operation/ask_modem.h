#pragma once

#include "operation/find_modem.h"
#include "operation/identify.h"

#include <optional>
#include <string>
#include <vector>

namespace modemedic::operation {

/// What came of asking a modem who it is.
struct Asked {
  Identity identity;
  /// What answered: "AT", "DIAG", "Sahara", "Firehose", "fastboot", "DLOAD", "streaming loader"; empty: nothing did.
  std::string by;
  bool crashed = false;          ///< it offers its memory (Sahara, memory debug)
  std::optional<Error> silence;  ///< why the first of them that its state should have did not answer

  /// It answered as its state must: the state is proven, no longer likely.
  bool proven() const { return !by.empty(); }
};

/// Asks a modem who it is by whatever its state can be asked with: AT, then DIAG; Sahara's command mode; fastboot's
/// variables; a NOP in download mode. Nothing is sent that changes its state, nothing is uploaded, and a modem in EDL
/// is left so that its next host finds its HELLO.
/// @param deadline  all is over then, but for a fraction of a second; a boot is waited for until then
Asked ask_modem(usb::Bus& bus, const Found& modem, Deadline deadline, Events& events);

/// The same for a modem that the caller has reserved.
Asked ask_reserved(usb::Bus& bus, const Found& modem, Deadline deadline, Events& events);

/// Asks several modems at the same time, each on a thread and a bus of its own where the bus can branch; else one after
/// the other.
/// @param patience  for each of them
/// @return in the order of `modems`
std::vector<Asked> ask_modems(usb::Bus& bus, const std::vector<Found>& modems, Duration patience, Events& events);

}  // namespace modemedic::operation
