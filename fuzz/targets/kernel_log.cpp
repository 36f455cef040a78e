// Lines of /dev/kmsg.

#include "usb/kernel_log.h"

#include "fuzz_target.h"

using namespace modemedic;

MODEMEDIC_FUZZ(kernel_log) {
  auto log = usb::parse_kernel_log(as_text(bytes), std::chrono::hours(2), std::chrono::minutes(10));
  for (const auto& entry : log) {
    fuzz::must(!entry.first.empty() && printable(entry.first, 1000) == entry.first, "a port can be printed");
  }
}
