#pragma once

#include "base/clock.h"
#include "base/error.h"

#include <cstdint>
#include <functional>
#include <memory>

struct libusb_context;

namespace modemedic::usb {

/// A libusb context and its event loop. No thread of ours: transfers and hotplug move on while somebody waits in
/// run_until(). For one thread; another modem's thread has its own.
class LibusbLoop {
public:
  /// Whether libusb shall look for devices itself.
  enum class Discovery : std::uint8_t { none, by_libusb };

  /// @return Code::io, Code::permission when libusb can't be started at all
  static Result<std::shared_ptr<LibusbLoop>> start(Discovery discovery);

  ~LibusbLoop();
  LibusbLoop(const LibusbLoop&) = delete;
  LibusbLoop& operator=(const LibusbLoop&) = delete;

  libusb_context* context() const { return context_; }

  /// Whether libusb tells when devices come and go. It doesn't on Windows: the list of devices is then that of the
  /// context's start.
  bool tells_hotplug() const { return tells_hotplug_; }

  /// Grows with each device that comes or goes, as far as that was told.
  std::uint64_t changes() const { return changes_; }

  /// Handles events until `ready` says true or the deadline has passed.
  /// @return what `ready` said last
  bool run_until(const std::function<bool()>& ready, const Clock& clock, Deadline deadline);

private:
  LibusbLoop() = default;

  libusb_context* context_ = nullptr;
  bool tells_hotplug_ = false;
  std::uint64_t changes_ = 0;
};

}  // namespace modemedic::usb
