#pragma once

#include "firmware/package.h"
#include "operation/find_modem.h"
#include "plan/plan.h"

#include <optional>
#include <string>

namespace modemedic::operation {

struct ChosenMethod {
  plan::Method method = plan::Method::firehose;
  std::string reason;  ///< for a person
};

/// By what a package goes onto this modem, as it is now: Firehose wherever there is a programmer; of a 9x15, fastboot,
/// and download mode only where nothing else is left of its boot loader.
/// @param asked  what the person wants: that is taken, and the gate says what it thinks of it
ChosenMethod choose_method(const Found& modem, const firmware::Package& package,
                           std::optional<plan::Method> asked = std::nullopt);

/// What would be chosen for a package that is made for this modem.
plan::Method usual_method(const Found& modem);

}  // namespace modemedic::operation
