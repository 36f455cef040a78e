#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "usb/driver_guardian.h"
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
  /// @param guardian  gives the driver back if we can't; may be null
  static Result<std::unique_ptr<LibusbClaim>> take(std::shared_ptr<LibusbLoop> loop,
                                                   std::shared_ptr<DriverGuardian> guardian, libusb_device* device,
                                                   const DeviceInfo& info, std::uint8_t interface_number,
                                                   const Clock& clock);

  ~LibusbClaim();
  LibusbClaim(const LibusbClaim&) = delete;
  LibusbClaim& operator=(const LibusbClaim&) = delete;

  libusb_device_handle* handle() const { return handle_; }

  LibusbLoop& loop() const { return *loop_; }

private:
  LibusbClaim(std::shared_ptr<LibusbLoop> loop, std::shared_ptr<DriverGuardian> guardian,
              std::uint8_t interface_number);

  Result<void> open(libusb_device* device, const Clock& clock);
  Result<void> claim(const DeviceInfo& info, const Clock& clock);
  int try_claim();
  void give_back();

  std::shared_ptr<LibusbLoop> loop_;
  std::shared_ptr<DriverGuardian> guardian_;
  std::uint8_t interface_number_;
  libusb_device_handle* handle_ = nullptr;
  TakenInterface taken_{};
  bool touched_ = false;  ///< its driver may be detached
  bool claimed_ = false;
};

}  // namespace modemedic::usb
