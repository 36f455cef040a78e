#include "virtual/timers.h"

namespace modemedic::twin {

Timers::Id Timers::after(Duration delay, std::function<void()> action) {
  Id id{clock_.now() + delay, sequence_++};
  due_.emplace(id, std::move(action));
  return id;
}

std::optional<TimePoint> Timers::next() const {
  if (due_.empty()) {
    return std::nullopt;
  }
  return due_.begin()->first.first;
}

void Timers::run_due() {
  while (!due_.empty() && due_.begin()->first.first <= clock_.now()) {
    auto action = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    action();
  }
}

}  // namespace modemedic::twin
