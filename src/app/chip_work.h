#pragma once

#include "app/grammar.h"
#include "app/programmer_option.h"
#include "operation/chip_session.h"
#include "operation/modem_records.h"

#include <functional>
#include <stop_token>

namespace modemedic::app {

/// What a command does with the chip. It leaves the modem itself when it wrote to it, and then says so.
enum class Left { by_session, by_work };

using ChipWork = std::function<Result<Left>(operation::ChipSession&)>;

/// Opens the chip of the modem that the command line chose, does the work, and leaves the modem as it was.
Result<void> with_chip(const GlobalOptions& global, const ProgrammerOptions& programmer, Output& output,
                       const std::stop_token& stop, const ChipWork& work);

}  // namespace modemedic::app
