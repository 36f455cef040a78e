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

/// What is known of a modem that runs before it is flashed.
enum class At { answers, silent };

/// By what a package goes onto this modem, as it is now: Firehose wherever there is a programmer; of a 9x15, fastboot,
/// and download mode only where nothing else is left: from there, and from firmware whose AT doesn't answer, which only
/// DIAG takes anywhere.
/// @param asked  what the person wants: that is taken, and the gate says what it thinks of it
ChosenMethod choose_method(const Found& modem, const firmware::Package& package,
                           std::optional<plan::Method> asked = std::nullopt, At at = At::answers);

/// What would be chosen for a package that is made for this modem.
plan::Method usual_method(const Found& modem);

/// The plan that goes by this method: the one that is there already, or another, proven.
Result<plan::ProvenPlan> plan_for(const firmware::Package& package, const plan::ProvenPlan& there, plan::Method method);

}  // namespace modemedic::operation
