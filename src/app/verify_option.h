#pragma once

#include "operation/flash.h"

namespace CLI {
class App;
}

namespace modemedic::app {

/// Adds --verify boot|read to a command that flashes.
void add_verify_option(CLI::App& command, operation::Verify& verify);

}  // namespace modemedic::app
