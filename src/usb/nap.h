#pragma once

#include "base/clock.h"

namespace modemedic::usb {

/// Waits for a moment in which nothing can wake us: between two looks at something that can only be asked.
/// @param length  not longer than until the deadline
void nap(const Clock& clock, Deadline deadline, Duration length);

}  // namespace modemedic::usb
