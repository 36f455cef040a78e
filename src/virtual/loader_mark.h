#pragma once

#include "base/bytes.h"

namespace modemedic::twin {

/// What a streaming loader answers to hello with, and so has somewhere in its program: by this the twin knows that the
/// program it was handed is one.
constexpr std::string_view loader_mark = "QCOM fast download protocol targ";

inline bool is_streaming_loader(ByteView program) {
  return as_text(program).find(loader_mark) != std::string_view::npos;
}

}  // namespace modemedic::twin
