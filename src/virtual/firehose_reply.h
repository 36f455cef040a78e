#pragma once

#include "base/bytes.h"

#include <string_view>

namespace modemedic::twin {

/// The programmer's packets, each one IN transfer (facts: programmer-9x07.md, Packets).

/// `<log value="TEXT"/>`; TEXT is cut at 255 characters, of which only `"` and `<` are escaped.
Buffer log_packet(std::string_view text);

/// `<response value="ACK" ATTRIBUTES/>`
/// @param attributes  each followed by a blank: `rawmode="true" `
Buffer response_packet(bool ack, std::string_view attributes = {});

}  // namespace modemedic::twin
