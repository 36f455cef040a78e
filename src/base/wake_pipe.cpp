#include "base/wake_pipe.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace modemedic {

Result<WakePipe> WakePipe::make() {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) {
    return fail_errno(errno, "make a pipe");
  }
  for (auto end : ends) {
    fcntl(end, F_SETFD, FD_CLOEXEC);
    fcntl(end, F_SETFL, O_NONBLOCK);  // a full pipe wakes as well
  }
  return WakePipe(Descriptor(ends[0]), Descriptor(ends[1]));
}

void WakePipe::wake() const {
  static_cast<void>(write(writing_.get(), "", 1) > 0);
}

}  // namespace modemedic
