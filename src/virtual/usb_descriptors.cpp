#include "virtual/usb_descriptors.h"

namespace modemedic::twin {

namespace {

constexpr std::uint16_t usb_2_0 = 0x0200;
constexpr std::uint16_t usb_3_0 = 0x0300;
constexpr std::uint8_t control_packet = 64;
constexpr std::uint8_t super_speed_control_packet = 9;  // as a power of two (USB 3.2, 9.6.1)
constexpr std::uint8_t manufacturer_index = 1;
constexpr std::uint8_t product_index = 2;
constexpr std::uint8_t serial_index = 3;
constexpr std::uint16_t english = 0x0409;
constexpr std::uint8_t bus_powered = 0x80;
constexpr std::uint8_t milliampere_500 = 250;       // in units of 2 mA
constexpr std::uint8_t super_milliampere_496 = 62;  // in units of 8 mA: more than 900 the bus doesn't give
constexpr std::size_t longest_string = 126;         // characters: bLength is one byte
constexpr std::size_t configuration_header_size = 9;

std::uint8_t number(DescriptorType type) {
  return static_cast<std::uint8_t>(type);
}

std::uint8_t index_of(const std::string& text, std::uint8_t index) {
  return text.empty() ? 0 : index;
}

/// The SuperSpeed endpoint companion (USB 3.2, 9.6.7): no bursts, no streams.
void append_companion(ByteWriter& writer, const usb::EndpointInfo& endpoint) {
  auto periodic = endpoint.type == usb::TransferType::interrupt;
  writer.u8(6).u8(number(DescriptorType::endpoint_companion)).u8(0).u8(0).u16(periodic ? endpoint.max_packet : 0);
}

void append_interface(ByteWriter& writer, const usb::InterfaceInfo& interface, usb::Speed speed) {
  writer.u8(9).u8(number(DescriptorType::interface)).u8(interface.number);
  writer.u8(0).u8(static_cast<std::uint8_t>(interface.endpoints.size()));
  writer.u8(interface.cls).u8(interface.subclass).u8(interface.protocol).u8(0);
  for (const auto& endpoint : interface.endpoints) {
    writer.u8(7).u8(number(DescriptorType::endpoint)).u8(endpoint.address);
    writer.u8(static_cast<std::uint8_t>(endpoint.type)).u16(endpoint.max_packet).u8(endpoint.interval);
    if (speed == usb::Speed::super) {
      append_companion(writer, endpoint);
    }
  }
}

/// UTF-16LE, each byte one character: what a modem calls itself is ASCII.
Buffer text_descriptor(std::string_view text) {
  text = text.substr(0, longest_string);
  ByteWriter writer(Endian::little);
  writer.u8(static_cast<std::uint8_t>(2 + 2 * text.size())).u8(number(DescriptorType::string));
  for (auto character : text) {
    writer.u16(static_cast<std::uint8_t>(character));
  }
  return writer.take();
}

}  // namespace

Buffer device_descriptor(const usb::Fingerprint& fingerprint) {
  ByteWriter writer(Endian::little);
  auto super = fingerprint.speed == usb::Speed::super;
  writer.u8(18).u8(number(DescriptorType::device)).u16(super ? usb_3_0 : usb_2_0);
  writer.u8(0).u8(0).u8(0);  // class, subclass, protocol: each interface says its own
  writer.u8(super ? super_speed_control_packet : control_packet)
      .u16(fingerprint.vid)
      .u16(fingerprint.pid)
      .u16(fingerprint.bcd_device);
  writer.u8(index_of(fingerprint.manufacturer, manufacturer_index));
  writer.u8(index_of(fingerprint.product, product_index));
  writer.u8(index_of(fingerprint.serial, serial_index));
  writer.u8(1);  // configurations
  return writer.take();
}

Buffer device_qualifier_descriptor() {
  ByteWriter writer(Endian::little);
  writer.u8(10).u8(number(DescriptorType::device_qualifier)).u16(usb_2_0);
  writer.u8(0).u8(0).u8(0).u8(control_packet).u8(1).u8(0);
  return writer.take();
}

Buffer configuration_descriptor(const usb::Fingerprint& fingerprint) {
  ByteWriter interfaces(Endian::little);
  for (const auto& interface : fingerprint.interfaces) {
    append_interface(interfaces, interface, fingerprint.speed);
  }
  ByteWriter writer(Endian::little);
  writer.u8(configuration_header_size).u8(number(DescriptorType::configuration));
  writer.u16(static_cast<std::uint16_t>(configuration_header_size + interfaces.size()));
  writer.u8(static_cast<std::uint8_t>(fingerprint.interfaces.size()));
  writer.u8(1)
      .u8(0)
      .u8(bus_powered)
      .u8(fingerprint.speed == usb::Speed::super ? super_milliampere_496 : milliampere_500);
  writer.bytes(interfaces.take());
  return writer.take();
}

std::optional<Buffer> string_descriptor(const usb::Fingerprint& fingerprint, std::uint8_t index) {
  if (index == 0) {
    ByteWriter writer(Endian::little);
    writer.u8(4).u8(number(DescriptorType::string)).u16(english);
    return writer.take();
  }
  const auto* text = index == manufacturer_index ? &fingerprint.manufacturer
                     : index == product_index    ? &fingerprint.product
                     : index == serial_index     ? &fingerprint.serial
                                                 : nullptr;
  if (text == nullptr || text->empty()) {
    return std::nullopt;
  }
  return text_descriptor(*text);
}

}  // namespace modemedic::twin
