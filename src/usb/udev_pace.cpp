#include "usb/udev_pace.h"

#include <chrono>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace modemedic::usb {

namespace fs = std::filesystem;

bool udev_still_at_work(const fs::path& node, const fs::path& run) {
  constexpr auto moment = std::chrono::milliseconds(500);
  std::error_code error;

  struct stat what {};

  if (!fs::exists(run / "control", error) || stat(node.c_str(), &what) != 0) {
    return false;  // nobody is there to give a right
  }
  auto known = run / "data" / fmt::format("c{}:{}", major(what.st_rdev), minor(what.st_rdev));
  auto since = fs::last_write_time(known, error);
  return error || fs::file_time_type::clock::now() - since < moment;
}

}  // namespace modemedic::usb
