#include "usb/nap.h"

#include <algorithm>

#include <poll.h>

namespace modemedic::usb {

void nap(const Clock& clock, Deadline deadline, Duration length) {
  auto left = std::min(deadline.left(clock), length);
  auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
  timespec time{.tv_sec = whole.count(), .tv_nsec = (left - whole).count()};
  ppoll(nullptr, 0, &time, nullptr);
}

}  // namespace modemedic::usb
