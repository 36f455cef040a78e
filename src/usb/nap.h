#pragma once

#include "base/clock.h"

#include <ctime>

namespace modemedic::usb {

/// What is left of a deadline, as ppoll() takes it; an hour at most.
timespec time_left(const Clock& clock, Deadline deadline);

/// Waits for a moment in which nothing can wake us: between two looks at something that can only be asked.
/// @param length  not longer than until the deadline
void nap(const Clock& clock, Deadline deadline, Duration length);

}  // namespace modemedic::usb
