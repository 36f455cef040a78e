#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "usb/device_list.h"
#include "usb/driver_guardian.h"
#include "usb/sysfs.h"

#include <cstdint>
#include <memory>

namespace modemedic::usb {

/// An interface of an opened device that is ours: its kernel driver is detached, and gets it back at the end.
class LibusbClaim {
public:
  /// @param list  opens the device
  /// @param number, info  the device, as the list's last look has it
  /// @param guardian  gives the driver back if we can't; may be null
  /// @return Code::permission; Code::busy, naming the program that holds the interface; Code::modem_lost
  static Result<std::unique_ptr<LibusbClaim>> take(DeviceList& list, std::shared_ptr<DriverGuardian> guardian,
                                                   const Sysfs& sysfs, const DeviceNumber& number,
                                                   const DeviceInfo& info, std::uint8_t interface_number,
                                                   const Clock& clock);

  ~LibusbClaim();
  LibusbClaim(const LibusbClaim&) = delete;
  LibusbClaim& operator=(const LibusbClaim&) = delete;

  libusb_device_handle* handle() const { return handle_.get(); }

  LibusbLoop& loop() const { return *loop_; }

private:
  LibusbClaim(std::shared_ptr<LibusbLoop> loop, std::shared_ptr<DriverGuardian> guardian, Sysfs sysfs,
              const TakenInterface& taken);

  DeviceNumber number() const { return {taken_.bus, taken_.device}; }

  Result<void> open(DeviceList& list, const DeviceInfo& info, const Clock& clock);
  Result<void> claim(const DeviceInfo& info, const Clock& clock);
  int try_claim();
  void give_back();

  std::shared_ptr<LibusbLoop> loop_;
  std::shared_ptr<DriverGuardian> guardian_;
  Sysfs sysfs_;
  TakenInterface taken_;
  LibusbHandle handle_;   ///< of the loop above: goes first
  bool touched_ = false;  ///< its driver may be detached
  bool claimed_ = false;
};

}  // namespace modemedic::usb
