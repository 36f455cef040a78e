#pragma once

#include "base/clock.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

/// The virtual modem. The folder is `virtual`, which C++ keeps for itself, so the namespace is `twin`.
namespace modemedic::twin {

/// A clock that moves only when Simulation moves it.
class SimulatedClock final : public Clock {
public:
  TimePoint now() const override { return now_; }

  void advance_to(TimePoint at) {
    if (at > now_) {
      now_ = at;
    }
  }

private:
  TimePoint now_{};
};

/// What the virtual modem will do later. Who owns the time (the in-process bus, or the USB/IP server) runs it.
class Timers {
public:
  using Id = std::pair<TimePoint, std::uint64_t>;

  explicit Timers(const Clock& clock) : clock_(clock) {}

  const Clock& clock() const { return clock_; }

  /// Calls `action` once, `delay` from now; equal moments run in the order of their registration.
  Id after(Duration delay, std::function<void()> action);

  void cancel(const Id& id) { due_.erase(id); }

  /// When the next one is due.
  std::optional<TimePoint> next() const;

  /// Runs all that are due now, and what becomes due by doing so.
  void run_due();

private:
  const Clock& clock_;
  std::map<Id, std::function<void()>> due_;
  std::uint64_t sequence_ = 0;
};

}  // namespace modemedic::twin
