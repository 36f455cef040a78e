#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "usb/census.h"
#include "usb/fingerprint.h"
#include "usb/libusb_handle.h"
#include "usb/libusb_loop.h"

#include <memory>

namespace modemedic::usb {

/// Who knows what is on this machine's USB, and lets libusb open it.
class DeviceList {
public:
  DeviceList() = default;
  DeviceList(const DeviceList&) = delete;
  DeviceList& operator=(const DeviceList&) = delete;
  virtual ~DeviceList() = default;

  /// Every device that is there now.
  virtual Result<Census> look() = 0;

  /// Waits until look() may have another answer than the last one.
  /// @return false when the deadline passed first
  virtual bool wait_change(const Clock& clock, Deadline deadline) = 0;

  /// What a device of the last look() shows of itself; what can't be read of it is left out.
  virtual Fingerprint fingerprint(const DeviceNumber& number, const std::string& port) = 0;

  /// Opens a device of the last look().
  /// @return LIBUSB_SUCCESS, or libusb's error
  virtual int open(const DeviceNumber& number, LibusbHandle& into) = 0;

  /// The loop that moves what open() has opened last.
  virtual std::shared_ptr<LibusbLoop> loop() const = 0;
};

}  // namespace modemedic::usb
