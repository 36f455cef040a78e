#include "base/events.h"

#include <utility>

namespace modemedic {

void warn(Events& events, std::string text) {
  events.emit(event::Log{event::Log::Level::warning, std::move(text)});
}

void EventRecorder::emit(const Event& event) {
  events.push_back(event);
}

}  // namespace modemedic
