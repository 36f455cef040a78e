#pragma once

#include "base/clock.h"
#include "base/descriptor.h"

#include <string_view>

namespace modemedic::usb {

/// Whether a uevent of Linux tells of a USB device that came or went: not of its interfaces, nor of what drivers make
/// of them. "ACTION@PATH", then KEY=VALUE, each ended by a zero byte (lib/kobject_uevent.c).
bool is_device_event(std::string_view uevent);

/// What the kernel itself says when a device comes or goes. udevd passes that on when all its rules have run for it and
/// for every interface and port of the device that was there before: with a boot ROM waiting that is 50 ms too many.
///
/// Only wakes: what has changed is looked for elsewhere. Where the kernel tells nobody (some containers), nothing does.
class KernelEvents {
public:
  KernelEvents();

  /// Waits for the next device that comes or goes.
  /// @return false when the deadline passed first
  bool wait(const Clock& clock, Deadline deadline);

private:
  bool take_all();

  Descriptor socket_;
};

}  // namespace modemedic::usb
