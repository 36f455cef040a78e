#pragma once

#include "usb/bus.h"
#include "usb/usbip_client.h"
#include "usb/usbip_holds.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace modemedic::usb {

/// The devices of a USB/IP server, without the kernel: a virtual modem, or a real one plugged into a router far away.
///
/// A device's port is its busid. What a device is, DEVLIST tells only in part; so a new one is imported once, asked for
/// its descriptors, and given back. For one thread.
class UsbIpBus final : public Bus {
public:
  /// @param clock  the machine's own: sockets know no other
  /// @return Code::io when no server answers there, Code::timeout, Code::device_protocol when it is no USB/IP server
  static Result<std::unique_ptr<UsbIpBus>> connect(const std::string& host, std::uint16_t port, const Clock& clock);

  Result<std::vector<DeviceInfo>> snapshot() override;
  Result<bool> wait_change(Deadline deadline) override;

  /// One pipe for each device; its interfaces are not shared. Code::busy for a second one.
  Result<std::unique_ptr<Pipe>> open(const DeviceInfo& device, std::uint8_t interface_number) override;

  /// A lock file on this machine, named for the server and the busid.
  Result<std::unique_ptr<Reservation>> reserve(const DeviceInfo& device, Purpose purpose, Events& events) override;

  Result<Branch> branch(const DeviceInfo& device) override;

  const Clock& clock() const override { return clock_; }

private:
  UsbIpBus(UsbIpServerAddress server, const Clock& clock) : server_(std::move(server)), clock_(clock) {}

  struct Known {
    protocol::usbip::Device device;
    DeviceInfo info;
    bool described = false;
  };

  Result<void> look(Deadline deadline);
  void merge(const std::vector<protocol::usbip::Device>& devices);
  void describe(Known& known);
  Result<Imported> import(const Known& known);

  UsbIpServerAddress server_;
  const Clock& clock_;
  std::shared_ptr<UsbIpHolds> holds_ = std::make_shared<UsbIpHolds>();
  std::map<std::string, Known> known_;  ///< by busid
  std::uint64_t enumerations_ = 0;
  std::uint64_t changes_ = 0;       ///< devices that came or went, in all
  std::uint64_t changes_seen_ = 0;  ///< by the last snapshot()
};

}  // namespace modemedic::usb
