#pragma once

#include "base/bytes.h"
#include "usb/census.h"
#include "usb/fingerprint.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What Linux knows of a USB device and shows to everybody, permission or not. On other systems there is nothing, and
/// all of these answer with emptiness.
namespace modemedic::usb {

class Sysfs {
public:
  /// @param root  where the USB devices are, and `dev` where the nodes are; others are for tests
  explicit Sysfs(std::filesystem::path root = "/sys/bus/usb/devices", std::filesystem::path dev = "/dev")
      : root_(std::move(root)), dev_(std::move(dev)) {}

  /// Whether this system shows its USB like this at all.
  bool is_shown() const;

  /// "manufacturer", "product" or "serial" of the device at this port, as the kernel read it when it came. Empty when
  /// there is none.
  std::string text(const std::string& port, const std::string& attribute) const;

  /// The device descriptor and every configuration, as the device sent them when it came. Empty when it isn't there.
  Buffer descriptors(const std::string& port) const;

  /// The value of the configuration that the device is in; nothing while it is in none.
  std::optional<std::uint8_t> configuration(const std::string& port) const;

  Speed speed(const std::string& port) const;

  /// Where the device really is: "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1". Empty when it isn't there.
  std::string device_path(const std::string& port) const;

  /// The kernel driver that holds an interface: "option". Empty when none does.
  std::string driver(const std::string& port, std::uint8_t interface_number) const;

  /// The device nodes that the kernel driver made out of an interface: "/dev/ttyUSB2", "/dev/cdc-wdm0".
  std::vector<std::string> nodes(const std::string& port, std::uint8_t interface_number) const;

  /// True when certainly no program has a node of an interface open: the kernel counts the open ports of a usb-serial
  /// driver as users of its module (serial_install() in usb-serial.c). Asking each process instead takes longer than a
  /// boot ROM should wait.
  bool surely_unused(const std::string& port, std::uint8_t interface_number) const;

  /// The node through which programs reach the device itself: "/dev/bus/usb/001/007". Empty when it isn't there.
  std::string usbfs_node(const std::string& port) const;
  std::string usbfs_node(const DeviceNumber& number) const;

  /// The port and interface that a device node belongs to; nothing when it is no USB device's.
  std::optional<std::pair<std::string, std::uint8_t>> owner_of(const std::filesystem::path& node) const;

  /// The port that is the other half of this one's connector: USB 2 and USB 3 wires end on two buses. As the kernel
  /// says (`peer` of the hub's port); where it knows no peers at all (before Linux 3.16), the same path on the other
  /// bus of the same controller. Empty when there is none.
  std::string companion(const std::string& port) const;

  /// Every device that is there. Empty when this system shows none. One that is just coming or going may be left out.
  Census census() const;

private:
  std::optional<std::string> peer(const std::string& port) const;
  bool knows_peers(const std::string& bus) const;
  std::string sibling_bus(const std::string& bus) const;
  std::filesystem::path interface_folder(const std::string& port, std::uint8_t interface_number) const;

  std::filesystem::path root_;
  std::filesystem::path dev_;
};

}  // namespace modemedic::usb
