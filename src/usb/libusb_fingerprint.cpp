#include "usb/libusb_fingerprint.h"

#include <fmt/format.h>
#include <libusb.h>

namespace modemedic::usb {

namespace {

/// Bits 0 to 10; above them a high-speed isochronous endpoint tells its extra transactions (USB 2.0, 9.6.6).
constexpr unsigned packet_size_bits = 0x7FF;
constexpr unsigned transfer_type_bits = 0x03;

/// A list of `count` that libusb may have left out where the device lied about it.
template <typename T>
std::span<const T> list_of(const T* first, int count) {
  return first == nullptr || count <= 0 ? std::span<const T>() : std::span(first, static_cast<std::size_t>(count));
}

EndpointInfo endpoint_of(const libusb_endpoint_descriptor& endpoint) {
  EndpointInfo info;
  info.address = endpoint.bEndpointAddress;
  info.type = static_cast<TransferType>(endpoint.bmAttributes & transfer_type_bits);
  info.max_packet = static_cast<std::uint16_t>(endpoint.wMaxPacketSize & packet_size_bits);
  info.interval = endpoint.bInterval;
  return info;
}

InterfaceInfo interface_of(const libusb_interface_descriptor& interface) {
  InterfaceInfo info;
  info.number = interface.bInterfaceNumber;
  info.cls = interface.bInterfaceClass;
  info.subclass = interface.bInterfaceSubClass;
  info.protocol = interface.bInterfaceProtocol;
  for (const auto& endpoint : list_of(interface.endpoint, interface.bNumEndpoints)) {
    info.endpoints.push_back(endpoint_of(endpoint));
  }
  return info;
}

}  // namespace

Fingerprint fingerprint_of(const libusb_device_descriptor& device, const libusb_config_descriptor* configuration) {
  Fingerprint fingerprint;
  fingerprint.vid = device.idVendor;
  fingerprint.pid = device.idProduct;
  fingerprint.bcd_device = device.bcdDevice;
  if (configuration == nullptr) {
    return fingerprint;
  }
  for (const auto& interface : list_of(configuration->interface, configuration->bNumInterfaces)) {
    for (const auto& setting : list_of(interface.altsetting, interface.num_altsetting)) {
      if (setting.bAlternateSetting == 0) {
        fingerprint.interfaces.push_back(interface_of(setting));
        break;
      }
    }
  }
  return fingerprint;
}

Speed speed_of(int libusb_speed) {
  switch (libusb_speed) {
    case LIBUSB_SPEED_LOW:
      return Speed::low;
    case LIBUSB_SPEED_FULL:
      return Speed::full;
    case LIBUSB_SPEED_HIGH:
      return Speed::high;
    case LIBUSB_SPEED_SUPER:
    case LIBUSB_SPEED_SUPER_PLUS:
      return Speed::super;
    default:
      return Speed::unknown;
  }
}

std::string port_path(std::uint8_t bus, std::span<const std::uint8_t> ports) {
  return ports.empty() ? fmt::format("usb{}", bus) : fmt::format("{}-{}", bus, fmt::join(ports, "."));
}

}  // namespace modemedic::usb
