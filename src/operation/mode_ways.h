#pragma once

#include "operation/change_mode.h"

#include <vector>

namespace modemedic::operation {

/// A modem at the beginning of a way.
struct Setout {
  usb::Bus& bus;
  const Found& modem;
  const Asked& asked;  ///< what it said in this state
  Events& events;
};

/// One way from a state into a mode: what is sent, and how long the modem may take.
struct Way {
  knowledge::State from;
  Target to;
  const char* how;  ///< for a person: "fastboot reboot"
  /// Why this modem's chip never goes it; nullptr when it may.
  const char* (*never)(const Found& modem);
  /// Why this modem can't go it as it is; nullptr when it can.
  const char* (*obstacle)(const Found& modem);
  /// Sends what takes it there.
  /// @return the modem where it arrived; nothing when the arrival is the caller's to see
  Result<std::optional<Found>> (*go)(const Setout& from);
  Duration patience;  ///< until it has arrived
};

/// The direct way, or nullptr.
const Way* find_way(knowledge::State from, Target to);

/// Whether this state is what is meant by that mode.
bool is_at(knowledge::State state, Target target);

}  // namespace modemedic::operation
