#include "usb/nap.h"

#include <algorithm>

#include <poll.h>

namespace modemedic::usb {

timespec time_left(const Clock& clock, Deadline deadline) {
  constexpr Duration longest = std::chrono::hours(1);
  auto left = std::min(deadline.left(clock), longest);
  auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
  return {.tv_sec = whole.count(), .tv_nsec = (left - whole).count()};
}

void nap(const Clock& clock, Deadline deadline, Duration length) {
  auto time = time_left(clock, {std::min(deadline.at, Deadline::in(clock, length).at)});
  ppoll(nullptr, 0, &time, nullptr);
}

}  // namespace modemedic::usb
