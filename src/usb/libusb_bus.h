#pragma once

#include "usb/bus.h"
#include "usb/device_list.h"
#include "usb/driver_guardian.h"
#include "usb/sysfs.h"

#include <map>
#include <memory>

namespace modemedic::usb {

/// The USB of this machine: transfers by libusb, and what is there by whoever knows it first (DeviceList). Looking at
/// it needs no permission, opening does.
class LibusbBus final : public Bus {
public:
  /// @param clock  the machine's own time: no other fits a real bus
  /// @param sysfs  what the kernel shows; another is for tests
  /// @return Code::io when this machine has no USB
  static Result<std::unique_ptr<LibusbBus>> start(const Clock& clock, Sysfs sysfs = Sysfs());

  ~LibusbBus() override;

  Result<std::vector<DeviceInfo>> snapshot() override;
  Result<bool> wait_change(Deadline deadline) override;
  Result<std::unique_ptr<Pipe>> open(const DeviceInfo& device, std::uint8_t interface_number) override;

  /// A lock file, named for the port and its companion; and for a job ModemManager's promise.
  Result<std::unique_ptr<Reservation>> reserve(const DeviceInfo& device, Purpose purpose, Events& events) override;

  Result<Branch> branch(const DeviceInfo& device) override;

  const Clock& clock() const override { return clock_; }

private:
  /// What the last snapshot saw.
  using Devices = std::map<DeviceNumber, DeviceInfo>;

  LibusbBus(std::unique_ptr<DeviceList> list, const Clock& clock, Sysfs sysfs);

  Result<DeviceNumber> number_of(const DeviceInfo& device) const;
  void forget_taken_companion(DeviceInfo& info) const;

  const Clock& clock_;
  Sysfs sysfs_;
  std::unique_ptr<DeviceList> list_;
  std::shared_ptr<DriverGuardian> guardian_;  ///< from the first open() on
  Devices devices_;
  std::uint64_t enumerations_ = 0;
};

}  // namespace modemedic::usb
