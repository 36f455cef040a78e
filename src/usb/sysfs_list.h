#pragma once

#include "usb/device_list.h"
#include "usb/kernel_events.h"
#include "usb/sysfs.h"

namespace modemedic::usb {

/// The USB of a Linux, as the kernel itself shows it. libusb would list what udevd has told it, which is late: udevd
/// runs its rules first for a device that left, with all its ports; and each new context asks for everything again. A
/// boot ROM waits meanwhile. So libusb is only given the opened node.
class SysfsList final : public DeviceList {
public:
  /// @return Code::io when libusb can't be started
  static Result<std::unique_ptr<SysfsList>> start(Sysfs sysfs);

  Result<Census> look() override;
  bool wait_change(const Clock& clock, Deadline deadline) override;
  Fingerprint fingerprint(const DeviceNumber& number, const std::string& port) override;
  int open(const DeviceNumber& number, LibusbHandle& into) override;

  std::shared_ptr<LibusbLoop> loop() const override { return loop_; }

private:
  SysfsList(Sysfs sysfs, std::shared_ptr<LibusbLoop> loop) : sysfs_(std::move(sysfs)), loop_(std::move(loop)) {}

  Sysfs sysfs_;
  KernelEvents events_;  ///< from before the first look on: none is missed
  std::shared_ptr<LibusbLoop> loop_;
  Census seen_;
};

}  // namespace modemedic::usb
