#pragma once

#include "virtual/timers.h"

#include <memory>
#include <set>

namespace modemedic::twin {

/// Timers of one owner: what is still to come when the owner goes, never comes.
class TimerGroup {
public:
  explicit TimerGroup(Timers& timers) : timers_(timers) {}

  ~TimerGroup() { cancel_all(); }

  TimerGroup(const TimerGroup&) = delete;
  TimerGroup& operator=(const TimerGroup&) = delete;

  void after(Duration delay, std::function<void()> action) {
    auto own = std::make_shared<Timers::Id>();
    *own = timers_.after(delay, [this, own, action = std::move(action)] {
      pending_.erase(*own);
      action();
    });
    pending_.insert(*own);
  }

  void cancel_all() {
    for (const auto& id : pending_) {
      timers_.cancel(id);
    }
    pending_.clear();
  }

  Timers& timers() const { return timers_; }

private:
  Timers& timers_;
  std::set<Timers::Id> pending_;
};

}  // namespace modemedic::twin
