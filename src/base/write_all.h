#pragma once

#include "base/bytes.h"
#include "base/descriptor.h"

namespace modemedic {

/// Writes all bytes, however few of them each call takes.
/// @return 0, or errno of the call that failed: the caller says in its own words what that means
int write_all(const Descriptor& file, ByteView bytes);

}  // namespace modemedic
