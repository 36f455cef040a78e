#pragma once

#include "usb/fingerprint.h"

#include <cstdint>
#include <span>
#include <string>

struct libusb_device_descriptor;
struct libusb_config_descriptor;

/// What libusb tells of a device, as our fingerprint. What comes from the device is hostile: counts may be zero,
/// lists missing, types anything.
namespace modemedic::usb {

/// Ids and interfaces (alternate setting 0). Strings and speed are the caller's.
/// @param configuration  null when the device has none that can be read
Fingerprint fingerprint_of(const libusb_device_descriptor& device, const libusb_config_descriptor* configuration);

/// libusb_get_device_speed()'s number.
Speed speed_of(int libusb_speed);

/// The hub port path as Linux names it: "1-1.4"; "usb1" for the root hub of bus 1, which has no ports above it.
std::string port_path(std::uint8_t bus, std::span<const std::uint8_t> ports);

}  // namespace modemedic::usb
