#pragma once

#include "app/grammar.h"
#include "firmware/package.h"

#include <optional>
#include <stop_token>

namespace modemedic::app {

/// The newest package of the catalogue that the modem in sight may take, read and verified. Says which one and why,
/// and what is against the newer ones.
/// @return nothing when the modem runs that or newer firmware already; Code::refused when it may take none; what keeps
///         the modem from being asked
Result<std::optional<firmware::Package>> read_latest(const GlobalOptions& global, Output& output,
                                                     const std::stop_token& stop);

}  // namespace modemedic::app
