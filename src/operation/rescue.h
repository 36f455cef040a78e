#pragma once

#include "base/events.h"
#include "operation/find_modem.h"
#include "operation/flash.h"
#include "operation/gate.h"
#include "operation/past_jobs.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::operation {

/// A package that a modem may be flashed with, and its plan.
struct Cure {
  const firmware::Package* package = nullptr;
  const plan::ProvenPlan* plan = nullptr;
  std::optional<plan::Method> asked = std::nullopt;  ///< by what it has to go; nothing: as the modem's state has it
};

struct RescueOptions {
  GateOptions gate;
  FlashOptions flash;
  bool gentle = true;  ///< false: flash it at once

  /// Gives the package, before anything is tried, and again when it becomes known which chip this is; nullopt: there is
  /// none.
  /// @param job  the unfinished job of this very chip, by its serial; nullptr: none is known
  std::function<Result<std::optional<Cure>>(const PastJob* job)> cure;

  /// Asks the person before the first thing that writes.
  std::function<Result<void>(const Found&, const firmware::Package&)> consent;
};

/// What was tried, and what came of it.
struct Attempt {
  std::string remedy;   ///< "a reset by Sahara"
  std::string outcome;  ///< "it runs", or why that was not enough
};

struct RescueReport {
  Found modem;                       ///< as it is now
  Identity after;                    ///< what it proved itself with
  std::vector<Attempt> tried;        ///< empty: it was well
  std::optional<FlashReport> flash;  ///< when nothing less would do
};

/// Brings back a modem from whatever state it is in: says what it will try, tries it from the gentlest on, and stops
/// when the modem has proven itself by AT. A modem that is well is left alone. What writes goes through the gate and
/// the proven plan of flash(), which goes on from what a job that was cut has left.
/// @return Code::refused (rule package) when nothing but a flash is left and there is no package; what the last remedy
///         failed with, with what a person can still do; Code::interrupted
Result<RescueReport> rescue(usb::Bus& bus, const Found& modem, const RescueOptions& options, Events& events,
                            const std::stop_token& stop);

/// The modem that a selector names, waited for: one that restarts again and again is away half of the time.
/// @param patience  for one to come into sight; errors as find_modem()
Result<Found> await_modem(usb::Bus& bus, const std::string& selector, Duration patience, Events& events,
                          ModemRecords* records, const std::stop_token& stop);

}  // namespace modemedic::operation
