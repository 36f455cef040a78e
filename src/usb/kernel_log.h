#pragma once

#include "base/clock.h"

#include <map>
#include <string>
#include <string_view>

namespace modemedic::usb {

/// What the kernel's log tells of a port's last minutes.
struct PortHistory {
  unsigned connects = 0;  ///< "new high-speed USB device": how often something came
  unsigned errors = 0;    ///< "device descriptor read/64, error -71", "device not accepting address", …
};

/// By port: "1-1.4". Empty where the log can't be read (an ordinary user often may not) or tells nothing.
using KernelLog = std::map<std::string, PortHistory>;

/// Reads lines of /dev/kmsg: "6,1044,5099215621,-;usb 1-1: new high-speed USB device number 7 using xhci_hcd".
/// @param now   since this machine's start
/// @param last  what is older is left out
KernelLog parse_kernel_log(std::string_view lines, Duration now, Duration last);

/// This machine's, of its last ten minutes. Never waits.
KernelLog read_kernel_log();

}  // namespace modemedic::usb
