#pragma once

#include "base/clock.h"
#include "base/events.h"

#include <memory>
#include <optional>
#include <string>

namespace modemedic::app {

/// Shows how far a job is, on stderr: one line that is drawn over again on a terminal, else a plain line now and then.
class Progress {
public:
  explicit Progress(const Clock& clock);

  void use_clock(const Clock& clock) { clock_ = &clock; }

  void show(const event::Progress& progress);

  /// Prints a line of its own above the bar.
  void note(const std::string& text);

  /// Takes the bar off the screen.
  void clear();

private:
  std::string render(const event::Progress& progress, int width) const;

  const Clock* clock_;
  bool terminal_;
  bool drawn_ = false;
  std::optional<TimePoint> job_start_;
  std::uint64_t job_base_ = 0;  ///< bytes of the job that were done at job_start_
  std::uint64_t job_size_ = 0;  ///< tells one job from the next
  TimePoint last_drawn_{};      ///< on the machine's clock: a person reads in real time
};

/// "12.3 MB", "480 kB": decimal, as disks and cables are sold.
std::string human_size(std::uint64_t bytes);

/// "1 min 12 s", "4.2 s", "310 ms"
std::string human_time(Duration duration);

}  // namespace modemedic::app
