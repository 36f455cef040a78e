#include "usb/descriptors.h"

#include <algorithm>

namespace modemedic::usb {

namespace {

constexpr std::uint8_t interface_descriptor = 4;
constexpr std::uint8_t endpoint_descriptor = 5;
constexpr std::size_t interface_descriptor_size = 9;
constexpr std::size_t endpoint_descriptor_size = 7;
constexpr std::uint16_t us_english = 0x0409;
constexpr std::uint16_t packet_size_bits = 0x07ff;

bool is_descriptor(ByteView bytes, std::uint8_t type, std::size_t size) {
  return bytes.size() >= size && std::to_integer<std::size_t>(bytes[0]) >= size &&
         std::to_integer<std::uint8_t>(bytes[1]) == type;
}

EndpointInfo parse_endpoint(ByteView bytes) {
  ByteReader reader(bytes.subspan(2), Endian::little);
  EndpointInfo endpoint;
  endpoint.address = reader.u8();
  endpoint.type = static_cast<TransferType>(reader.u8() & 3U);
  endpoint.max_packet = reader.u16() & packet_size_bits;
  endpoint.interval = reader.u8();
  return endpoint;
}

void append_utf8(std::string& text, unsigned unit) {
  auto put = [&text](unsigned byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (unit < 0x80) {
    put(unit);
  } else if (unit < 0x800) {
    put(0xc0U | unit >> 6U);
    put(0x80U | (unit & 0x3fU));
  } else {
    put(0xe0U | unit >> 12U);
    put(0x80U | (unit >> 6U & 0x3fU));
    put(0x80U | (unit & 0x3fU));
  }
}

}  // namespace

std::optional<DeviceDescriptor> parse_device(ByteView bytes) {
  if (!is_descriptor(bytes, device_descriptor, device_descriptor_size)) {
    return std::nullopt;
  }
  ByteReader reader(bytes.subspan(8), Endian::little);
  DeviceDescriptor device;
  device.vid = reader.u16();
  device.pid = reader.u16();
  device.bcd_device = reader.u16();
  device.manufacturer = reader.u8();
  device.product = reader.u8();
  device.serial = reader.u8();
  return device;
}

std::optional<std::size_t> parse_total_length(ByteView header) {
  if (!is_descriptor(header, configuration_descriptor, configuration_header_size)) {
    return std::nullopt;
  }
  return load<std::uint16_t>(&header[2], Endian::little);
}

/// Each goes to where the next begins: the total length that a device claims may be more than it sent.
ByteView find_configuration(ByteView descriptors, std::optional<std::uint8_t> value) {
  constexpr std::size_t value_at = 5;
  std::optional<std::size_t> begin;
  for (std::size_t at = 0; at + 2 <= descriptors.size();) {
    auto rest = descriptors.subspan(at);
    if (is_descriptor(rest, configuration_descriptor, configuration_header_size)) {
      if (begin) {
        return descriptors.subspan(*begin, at - *begin);
      }
      if (!value || std::to_integer<std::uint8_t>(rest[value_at]) == *value) {
        begin = at;
      }
    }
    auto length = std::to_integer<std::size_t>(rest[0]);
    if (length < 2) {
      break;
    }
    at += length;
  }
  return begin ? descriptors.subspan(*begin) : ByteView();
}

std::vector<InterfaceInfo> parse_interfaces(ByteView configuration) {
  std::vector<InterfaceInfo> interfaces;
  bool first_setting = false;
  while (configuration.size() >= 2) {
    auto length = std::to_integer<std::size_t>(configuration[0]);
    if (length < 2 || length > configuration.size()) {
      break;
    }
    auto bytes = configuration.first(length);
    configuration = configuration.subspan(length);
    if (is_descriptor(bytes, interface_descriptor, interface_descriptor_size)) {
      ByteReader reader(bytes.subspan(2), Endian::little);
      InterfaceInfo interface;
      interface.number = reader.u8();
      first_setting = reader.u8() == 0;
      reader.u8();  // number of endpoints: they are counted as they come
      interface.cls = reader.u8();
      interface.subclass = reader.u8();
      interface.protocol = reader.u8();
      if (first_setting) {
        interfaces.push_back(std::move(interface));
      }
    } else if (first_setting && is_descriptor(bytes, endpoint_descriptor, endpoint_descriptor_size)) {
      interfaces.back().endpoints.push_back(parse_endpoint(bytes));
    }
  }
  return interfaces;
}

std::string parse_string(ByteView bytes) {
  std::string text;
  if (!is_descriptor(bytes, string_descriptor, 2)) {
    return text;
  }
  auto length = std::min(bytes.size(), std::to_integer<std::size_t>(bytes[0]));
  for (std::size_t at = 2; at + 1 < length; at += 2) {
    unsigned unit = load<std::uint16_t>(&bytes[at], Endian::little);
    auto surrogate = unit >= 0xd800 && unit < 0xe000;
    append_utf8(text, surrogate ? unsigned{'?'} : unit);
  }
  return text;
}

std::uint16_t parse_language(ByteView bytes) {
  return is_descriptor(bytes, string_descriptor, 4) ? load<std::uint16_t>(&bytes[2], Endian::little) : us_english;
}

}  // namespace modemedic::usb
