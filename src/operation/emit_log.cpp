#include "operation/emit_log.h"

#include <utility>

namespace modemedic::operation {

void emit_debug(Events& events, std::string text) {
  events.emit(event::Log{event::Log::Level::debug, std::move(text)});
}

void emit_info(Events& events, std::string text) {
  events.emit(event::Log{event::Log::Level::info, std::move(text)});
}

}  // namespace modemedic::operation
