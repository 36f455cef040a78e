#pragma once

#include "base/bytes.h"
#include "usb/fingerprint.h"

#include <optional>

/// Descriptor bytes out of a fingerprint (USB 2.0, chapter 9.6).
namespace modemedic::twin {

/// Descriptor types, USB 2.0 table 9-5 and USB 3.2 table 9-6.
enum class DescriptorType : std::uint8_t {
  device = 1,
  configuration = 2,
  string = 3,
  interface = 4,
  endpoint = 5,
  device_qualifier = 6,
  endpoint_companion = 48,
};

/// 18 bytes. Strings that are empty have index 0: there is none.
Buffer device_descriptor(const usb::Fingerprint& fingerprint);

/// 10 bytes: what the device would be at the other speed.
Buffer device_qualifier_descriptor();

/// The one configuration with its interfaces and endpoints.
Buffer configuration_descriptor(const usb::Fingerprint& fingerprint);

/// 0: the languages; 1 manufacturer, 2 product, 3 serial. Nothing for a string that isn't there.
std::optional<Buffer> string_descriptor(const usb::Fingerprint& fingerprint, std::uint8_t index);

}  // namespace modemedic::twin
