#include "base/write_all.h"

#include <cerrno>

namespace modemedic {

int write_all(const Descriptor& file, ByteView bytes) {
  while (!bytes.empty()) {
    auto written = ::write(file.get(), bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace modemedic
