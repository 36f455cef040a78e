#pragma once

#include "operation/ask_modem.h"
#include "operation/find_modem.h"
#include "operation/past_jobs.h"
#include "operation/rescue.h"
#include "operation/rescue_ways.h"

#include <optional>
#include <string>
#include <vector>

/// What may help a modem that is not well. Nothing here touches it.
namespace modemedic::operation {

/// What rescue() knows of a modem.
struct Diagnosis {
  Found modem;
  Asked asked = {};
  std::string ailment = {};                                 ///< what is wrong with it; empty: nothing
  bool restarts = false;                                    ///< it left by itself
  std::optional<ChipAsFound> chip = std::nullopt;           ///< through a programmer that was found running
  std::optional<std::vector<PastJob>> past = std::nullopt;  ///< nothing: not read yet
  const PastJob* job = nullptr;                             ///< of `past`, that did not end well
  bool certain = false;                                     ///< that job is this very chip's
};

struct Remedy {
  enum class Kind { watch, restart, to_normal, flash };
  Kind kind = Kind::flash;
  knowledge::State from = knowledge::State::running;
  std::string what;  ///< for a person
};

/// What may be tried now, gentlest first. Tells why a reset that seems near is none of them.
/// @param cure  nullptr: there is no package
std::vector<Remedy> remedies_for(const Diagnosis& known, const RescueOptions& options, const Cure* cure,
                                 Events& events);

/// In the other states it takes no programmer, or not one of this family.
bool can_be_flashed(const Found& modem);

/// Which package it would be, for a hint.
std::string who_it_is(const Diagnosis& known, ModemRecords* records);

}  // namespace modemedic::operation
