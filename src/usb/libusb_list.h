#pragma once

#include "usb/device_list.h"

#include <map>

namespace modemedic::usb {

/// The USB of a system that doesn't show it in files: libusb lists it, and tells what comes and goes.
class LibusbList final : public DeviceList {
public:
  /// @return Code::io when this machine has no USB
  static Result<std::unique_ptr<LibusbList>> start();

  Result<Census> look() override;
  bool wait_change(const Clock& clock, Deadline deadline) override;
  Fingerprint fingerprint(const DeviceNumber& number, const std::string& port) override;
  int open(const DeviceNumber& number, LibusbHandle& into) override;

  std::shared_ptr<LibusbLoop> loop() const override { return loop_; }

private:
  struct Unref {
    void operator()(libusb_device* device) const;
  };

  using Device = std::unique_ptr<libusb_device, Unref>;

  explicit LibusbList(std::shared_ptr<LibusbLoop> loop) : loop_(std::move(loop)) {}

  std::shared_ptr<LibusbLoop> loop_;
  std::map<DeviceNumber, Device> devices_;  ///< of the loop above: goes first
  bool looked_ = false;
  std::uint64_t changes_seen_ = 0;
};

}  // namespace modemedic::usb
