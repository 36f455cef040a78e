#pragma once

#include "usb/bus.h"
#include "usb/driver_guardian.h"
#include "usb/kernel_events.h"
#include "usb/libusb_loop.h"
#include "usb/sysfs.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

struct libusb_device;

namespace modemedic::usb {

/// The USB of this machine, by libusb. Looking at it needs no permission, opening does.
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
  struct Unref {
    void operator()(libusb_device* device) const;
  };

  using Device = std::unique_ptr<libusb_device, Unref>;

  /// What the last snapshot saw, by bus number and device number.
  struct Seen {
    Device device;
    DeviceInfo info;
  };

  using Devices = std::map<std::pair<std::uint8_t, std::uint8_t>, Seen>;

  LibusbBus(std::shared_ptr<LibusbLoop> loop, const Clock& clock, Sysfs sysfs);

  Result<Devices> look();
  static void forget_taken_companion(const Devices& devices, DeviceInfo& info);
  Fingerprint read_fingerprint(libusb_device* device, const std::string& port);

  const Clock& clock_;
  Sysfs sysfs_;
  KernelEvents kernel_events_;  ///< from before the first look on: none is missed
  std::shared_ptr<LibusbLoop> loop_;
  std::shared_ptr<DriverGuardian> guardian_;  ///< from the first open() on
  Devices devices_;                           ///< of the loop above: goes first
  std::uint64_t enumerations_ = 0;
  std::uint64_t changes_seen_ = 0;
  Census census_seen_;
  Deadline unlisted_until_{};  ///< so long after a change, snapshots are taken until everything is listed
  bool awaits_more_ = false;   ///< the last snapshot had not everything that the kernel shows
};

}  // namespace modemedic::usb
