#pragma once

#include "app/output.h"
#include "operation/flash.h"

namespace modemedic::app {

/// What a flash that ended well can show for it.
void show_report(const operation::FlashReport& report, Output& output);

}  // namespace modemedic::app
