#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "protocol/usbip_wire.h"
#include "usb/fingerprint.h"
#include "usb/socket.h"

#include <cstdint>
#include <string>
#include <vector>

namespace modemedic::usb {

/// A USB/IP server and how long it may keep us waiting.
struct UsbIpServerAddress {
  std::string host;
  std::uint16_t port = protocol::usbip::default_port;
};

/// A connection that carries the URBs of one device. Closing it gives the device back.
struct Imported {
  Socket socket;
  protocol::usbip::Device device;

  std::uint32_t devid() const { return device.busnum << 16U | (device.devnum & 0xffffU); }
};

/// What the server offers, with the interfaces' classes. One connection each.
/// @return Code::io, Code::timeout, Code::modem_lost (the server hung up), Code::device_protocol
Result<std::vector<protocol::usbip::Device>> list_devices(const UsbIpServerAddress& server, const Clock& clock,
                                                          Deadline deadline);

/// Takes a device.
/// @return Code::busy when the server has it but refuses, Code::modem_lost when it has it no more; others as above
Result<Imported> import_device(const UsbIpServerAddress& server, const std::string& busid, const Clock& clock,
                               Deadline deadline);

/// Asks an imported device for its descriptors. A string that it doesn't tell stays empty.
/// @return Code::device_protocol for what are no descriptors; others as above
Result<Fingerprint> describe_device(Imported& imported, const Clock& clock, Deadline deadline);

/// What DEVLIST alone tells of a device: no strings, no endpoints.
Fingerprint outline(const protocol::usbip::Device& device);

/// The failure of a URB, its negative errno in words.
Failure fail_urb(std::int32_t status, std::string_view endpoint);

}  // namespace modemedic::usb
