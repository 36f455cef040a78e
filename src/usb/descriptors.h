#pragma once

#include "base/bytes.h"
#include "usb/fingerprint.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Standard descriptors as a device sends them (USB 2.0, 9.6). Hostile: whatever doesn't fit is left out.
namespace modemedic::usb {

constexpr std::uint8_t device_descriptor = 1;
constexpr std::uint8_t configuration_descriptor = 2;
constexpr std::uint8_t string_descriptor = 3;

constexpr std::size_t device_descriptor_size = 18;
constexpr std::size_t configuration_header_size = 9;

/// What a device descriptor says beside the strings themselves.
struct DeviceDescriptor {
  std::uint16_t vid = 0;
  std::uint16_t pid = 0;
  std::uint16_t bcd_device = 0;
  std::uint8_t manufacturer = 0;  ///< index of a string descriptor, 0 for none
  std::uint8_t product = 0;
  std::uint8_t serial = 0;
};

std::optional<DeviceDescriptor> parse_device(ByteView bytes);

/// Length of the whole configuration, from its first 9 bytes.
std::optional<std::size_t> parse_total_length(ByteView header);

/// One configuration out of a device descriptor and all that follow it, as Linux shows them.
/// @param value  bConfigurationValue of the one wanted; nothing for the first
/// @return empty when there is none
ByteView find_configuration(ByteView descriptors, std::optional<std::uint8_t> value);

/// Interfaces with their endpoints, alternate setting 0 only, out of a whole configuration.
std::vector<InterfaceInfo> parse_interfaces(ByteView configuration);

/// A string descriptor's UTF-16 as UTF-8; empty when it is none.
std::string parse_string(ByteView bytes);

/// The first language of string descriptor 0, or US English.
std::uint16_t parse_language(ByteView bytes);

}  // namespace modemedic::usb
