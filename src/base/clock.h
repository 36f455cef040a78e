#pragma once

#include <algorithm>
#include <chrono>

namespace modemedic {

using Duration = std::chrono::nanoseconds;

/// A moment since some start that only its Clock knows.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// The time, injected: the machine's own, or simulated.
class Clock {
public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  virtual TimePoint now() const = 0;
};

/// The machine's monotonic clock.
class SteadyClock final : public Clock {
public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
};

/// The last moment at which a wait may still end well.
struct Deadline {
  TimePoint at;

  static Deadline in(const Clock& clock, Duration patience) { return {clock.now() + patience}; }

  /// What is left of it, never negative.
  Duration left(const Clock& clock) const { return std::max(Duration::zero(), at - clock.now()); }

  bool passed(const Clock& clock) const { return clock.now() >= at; }
};

}  // namespace modemedic
