#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "rehearsal/mishap.h"
#include "rehearsal/scene.h"

#include <string>
#include <string_view>
#include <vector>

namespace modemedic::rehearsal {

/// What an attempt that ended well says of itself: the new firmware runs, or the old one does, untouched.
constexpr std::string_view done_and_proven = "done and proven";
constexpr std::string_view as_before = "runs as before";
/// The chip can't take the firmware any more, and was said to be worn out. The modem waits in EDL, or runs.
constexpr std::string_view worn_out = "worn out";

/// One thing that the person did, and what came of it.
struct Attempt {
  std::string command;  ///< "flash", "rescue", "rescue PACKAGE"
  std::string mishap;   ///< what went wrong meanwhile; empty: nothing
  std::string result;   ///< done_and_proven, as_before, or the error's words
  std::string left;     ///< the modem's state afterwards
  Duration took{};      ///< simulated
};

/// What became of a modem, from its first flash to its last.
struct Life {
  std::uint64_t seed = 0;
  std::vector<Attempt> attempts;
  std::string end;                  ///< done_and_proven, as_before or worn_out
  std::vector<std::string> broken;  ///< promises that were not kept; empty: all were
  std::uint64_t bytes_resent = 0;   ///< programmed by the attempts after the first
};

/// How much there is that can go wrong in a flash that nobody disturbs.
/// @return the failure of that flash
Result<FlashSize> measure(const Scene& scene);

/// Flashes a twin while things go wrong as `mishaps` say, one an attempt, and lets a person do what they would: power
/// it on or plug it in again, then `rescue`, with or without the package, until the modem is well. Nobody ever holds a
/// boot pin. Everything follows from the seed; those that are odd have a twin that shows nothing when its boot chain is
/// torn.
///
/// The promises: it ends in the package's firmware or in its old one, proven, within a few attempts, unless the chip
/// itself fails, which is said; IMEI and calibration are as before; nothing outside the plan's ranges has changed; no
/// wait is endless; what the errors said of the modem was true.
Life live(const Scene& scene, std::uint64_t seed, const std::vector<Mishap>& mishaps);

/// The life of this seed, with what it draws.
Life live(const Scene& scene, std::uint64_t seed, const FlashSize& size);

}  // namespace modemedic::rehearsal
