#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "usb/fingerprint.h"
#include "usb/libusb_loop.h"

#include <cstdint>
#include <memory>

struct libusb_device;
struct libusb_device_handle;

namespace modemedic::usb {

/// An interface of an opened device that is ours: its kernel driver is detached, and gets it back at the end.
class LibusbClaim {
public:
  /// @return Code::permission; Code::busy, naming the program that holds the interface; Code::modem_lost
  static Result<std::unique_ptr<LibusbClaim>> take(std::shared_ptr<LibusbLoop> loop, libusb_device* device,
                                                   const DeviceInfo& info, std::uint8_t interface_number,
                                                   const Clock& clock);

  ~LibusbClaim();
  LibusbClaim(const LibusbClaim&) = delete;
  LibusbClaim& operator=(const LibusbClaim&) = delete;

  libusb_device_handle* handle() const { return handle_; }

  LibusbLoop& loop() const { return *loop_; }

private:
  LibusbClaim(std::shared_ptr<LibusbLoop> loop, std::uint8_t interface_number);

  Result<void> open(libusb_device* device);
  Result<void> claim(const DeviceInfo& info, const Clock& clock);
  int try_claim();

  std::shared_ptr<LibusbLoop> loop_;
  std::uint8_t interface_number_;
  libusb_device_handle* handle_ = nullptr;
  bool detached_ = false;
  bool claimed_ = false;
};

}  // namespace modemedic::usb
