#pragma once

#include "base/events.h"

#include <variant>

namespace modemedic::app {

/// For commands whose result is the answer itself: lets warnings through, and what was asked for with -v; not the lines
/// that tell how the answer was come by.
class WarningsOnly final : public Events {
public:
  explicit WarningsOnly(Events& events) : events_(events) {}

  void emit(const Event& event) override {
    const auto* log = std::get_if<event::Log>(&event);
    if (log != nullptr && log->level == event::Log::Level::info) {
      events_.emit(event::Log{event::Log::Level::debug, log->text});
    } else if (log != nullptr) {
      events_.emit(event);
    }
  }

private:
  Events& events_;
};

}  // namespace modemedic::app
