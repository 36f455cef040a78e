#pragma once

#include "app/grammar.h"

namespace modemedic::app {

/// `edl write` and `edl erase`.
void add_edl_write_and_erase(Grammar& grammar, CLI::App& group);

}  // namespace modemedic::app
