#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace modemedic::usb {

enum class Speed : std::uint8_t { unknown = 0, low = 1, full = 2, high = 3, super = 5 };

enum class TransferType : std::uint8_t { control = 0, isochronous = 1, bulk = 2, interrupt = 3 };

/// An endpoint descriptor (USB 2.0, 9.6.6).
struct EndpointInfo {
  std::uint8_t address = 0;  ///< bit 7 set: IN
  TransferType type = TransferType::bulk;
  std::uint16_t max_packet = 512;  ///< bytes
  std::uint8_t interval = 0;

  bool operator==(const EndpointInfo&) const = default;

  bool in() const { return (address & 0x80U) != 0; }
};

/// An interface descriptor, alternate setting 0 (USB 2.0, 9.6.5).
struct InterfaceInfo {
  std::uint8_t number = 0;
  std::uint8_t cls = 0;
  std::uint8_t subclass = 0;
  std::uint8_t protocol = 0;
  std::vector<EndpointInfo> endpoints;

  bool operator==(const InterfaceInfo&) const = default;
};

/// Everything USB shows of a device without talking to what runs on it. A VID:PID alone never gives the state.
struct Fingerprint {
  std::uint16_t vid = 0;
  std::uint16_t pid = 0;
  std::uint16_t bcd_device = 0;
  std::string manufacturer;  ///< as the device sent it: hostile, print through printable()
  std::string product;
  std::string serial;
  std::vector<InterfaceInfo> interfaces;
  Speed speed = Speed::high;

  bool operator==(const Fingerprint&) const = default;
};

/// A device on a bus at one moment. After a mode switch the same modem is another device on the same port.
struct DeviceInfo {
  std::string port;               ///< hub port path, the way to follow a modem: "1-1.4"
  std::uint64_t enumeration = 0;  ///< differs between two enumerations on one port
  Fingerprint fingerprint;

  /// The other half of the same connector: USB 3 and USB 2 wires end on two buses, and a modem that changes its speed
  /// with its mode changes over. Empty when the bus can't tell, or when something else was there at first sight.
  std::string companion = {};
};

/// Whether it is the same enumeration: not gone and come back, nor something else.
inline bool same_device(const DeviceInfo& one, const DeviceInfo& other) {
  return one.port == other.port && one.enumeration == other.enumeration;
}

/// The first bulk IN and bulk OUT endpoint of an interface, nothing when it lacks one.
struct BulkPair {
  EndpointInfo in;
  EndpointInfo out;
};

std::optional<BulkPair> bulk_pair(const InterfaceInfo& interface);

}  // namespace modemedic::usb
