#pragma once

#include "base/clock.h"
#include "firmware/package.h"
#include "plan/plan.h"
#include "rehearsal/mishap.h"
#include "virtual/persona.h"

#include <string>
#include <string_view>
#include <vector>

namespace modemedic::rehearsal {

/// A flash that is to be rehearsed: this package on a twin like this, which runs that revision before.
struct Scene {
  const twin::Persona& persona;
  const firmware::Package& package;
  const plan::ProvenPlan& plan;
  firmware::Revision before;
};

/// What an attempt that ended well says of itself.
constexpr std::string_view done_and_proven = "done and proven";

/// One thing that the person did, and what came of it.
struct Attempt {
  std::string mishap;  ///< what went wrong meanwhile; empty: nothing
  std::string result;  ///< done_and_proven, or the error's words
  std::string left;    ///< the modem's state afterwards
  Duration took{};     ///< simulated
};

/// What became of a modem, from its first flash to its last.
struct Life {
  std::uint64_t seed = 0;
  std::vector<Attempt> attempts;
  std::vector<std::string> broken;  ///< promises that were not kept; empty: all were
  std::uint64_t bytes_resent = 0;   ///< programmed by the attempts after the first
};

/// How many messages the flash takes when nothing goes wrong.
/// @return the failure of that flash
Result<std::uint64_t> count_messages(const Scene& scene);

/// Flashes a twin while things go wrong as `mishaps` say, one an attempt, and lets a person do what they would:
/// power it on again, or start the command again, until it is done. Everything follows from the seed.
///
/// The promises: it ends in the package's firmware, proven, within a few attempts; IMEI and calibration are as before;
/// nothing outside the plan's ranges has changed; no wait is endless; what the errors said of the modem was true.
Life live(const Scene& scene, std::uint64_t seed, const std::vector<Mishap>& mishaps);

/// The life of this seed, with what it draws.
Life live(const Scene& scene, std::uint64_t seed, std::uint64_t messages);

}  // namespace modemedic::rehearsal
