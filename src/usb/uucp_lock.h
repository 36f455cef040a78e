#pragma once

#include "base/error.h"

#include <filesystem>
#include <string>

namespace modemedic::usb {

/// The lock that pppd, minicom and gpsd's kin respect: /var/lock/LCK..ttyUSB2 holds the number of the process that
/// uses the port, ten characters wide (FHS 5.9). One whose process has ended counts for nothing.
class UucpLock {
public:
  /// Where nothing can be written there is no lock, and no failure: the kernel's own locks are the ones that hold.
  /// @param node  "/dev/ttyUSB2"
  /// @return Code::busy, naming the program
  static Result<UucpLock> take(const std::string& node, const std::filesystem::path& folder = "/var/lock");

  UucpLock(UucpLock&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }

  UucpLock& operator=(UucpLock&&) = delete;
  UucpLock(const UucpLock&) = delete;
  UucpLock& operator=(const UucpLock&) = delete;
  ~UucpLock();

private:
  explicit UucpLock(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;  ///< empty: nothing was written
};

}  // namespace modemedic::usb
