#include "virtual/usb_function.h"

#include "virtual/usb_descriptors.h"

#include <algorithm>
#include <stdexcept>

namespace modemedic::twin {

namespace {

// bmRequestType, USB 2.0 table 9-2: direction, type, recipient.
constexpr std::uint8_t to_device = 0x00;
constexpr std::uint8_t to_interface = 0x01;
constexpr std::uint8_t to_endpoint = 0x02;
constexpr std::uint8_t from_device = 0x80;
constexpr std::uint8_t from_interface = 0x81;
constexpr std::uint8_t from_endpoint = 0x82;
constexpr std::uint8_t class_to_interface = 0x21;

// bRequest, USB 2.0 table 9-4; the last one CDC PSTN 1.2, 6.3.12.
constexpr std::uint8_t get_status = 0;
constexpr std::uint8_t clear_feature = 1;
constexpr std::uint8_t set_address = 5;
constexpr std::uint8_t get_descriptor = 6;
constexpr std::uint8_t get_configuration = 8;
constexpr std::uint8_t set_configuration = 9;
constexpr std::uint8_t get_interface = 10;
constexpr std::uint8_t set_interface = 11;
constexpr std::uint8_t set_control_line_state = 0x22;

constexpr std::uint16_t endpoint_halt = 0;
constexpr std::uint8_t vendor_class = 0xFF;

Buffer status_zero() {
  return Buffer(2);
}

Buffer one_byte(std::uint8_t value) {
  return Buffer{std::byte{value}};
}

}  // namespace

UsbFunction::UsbFunction(usb::Fingerprint fingerprint) : fingerprint_(std::move(fingerprint)) {
  for (const auto& interface : fingerprint_.interfaces) {
    for (const auto& endpoint : interface.endpoints) {
      if (endpoint.in()) {
        ins_[endpoint.address];
      } else {
        outs_[endpoint.address];
      }
    }
  }
}

OutEndpoint* UsbFunction::out(std::uint8_t address) {
  auto found = outs_.find(address);
  return found == outs_.end() ? nullptr : &found->second;
}

InEndpoint* UsbFunction::in(std::uint8_t address) {
  auto found = ins_.find(address);
  return found == ins_.end() ? nullptr : &found->second;
}

std::optional<Buffer> UsbFunction::control(const Setup& setup, ByteView /*data*/) {
  std::optional<Buffer> answer;
  switch (setup.request_type) {
    case to_device:
    case from_device:
      answer = device_request(setup);
      break;
    case to_interface:
    case from_interface:
    case class_to_interface:
      answer = interface_request(setup);
      break;
    case to_endpoint:
    case from_endpoint:
      answer = endpoint_request(setup);
      break;
    default:
      break;
  }
  if (answer && answer->size() > setup.length) {
    answer->resize(setup.length);
  }
  return answer;
}

std::optional<Buffer> UsbFunction::device_request(const Setup& setup) {
  auto in = setup.request_type == from_device;
  if (in && setup.request == get_descriptor) {
    return descriptor(static_cast<std::uint8_t>(setup.value >> 8U), static_cast<std::uint8_t>(setup.value & 0xFFU));
  }
  if (in && setup.request == get_configuration) {
    return one_byte(configuration_);
  }
  if (in && setup.request == get_status) {
    return status_zero();
  }
  if (!in && setup.request == set_address) {
    return Buffer{};  // a virtual host controller mostly keeps this for itself
  }
  if (!in && setup.request == set_configuration && setup.value <= 1) {
    configuration_ = static_cast<std::uint8_t>(setup.value);
    return Buffer{};
  }
  return std::nullopt;
}

std::optional<Buffer> UsbFunction::interface_request(const Setup& setup) const {
  const auto* interface = find_interface(setup.index);
  if (interface == nullptr) {
    return std::nullopt;
  }
  switch (setup.request_type) {
    case from_interface:
      if (setup.request == get_interface) {
        return one_byte(0);
      }
      return setup.request == get_status ? std::optional(status_zero()) : std::nullopt;
    case to_interface:
      return setup.request == set_interface && setup.value == 0 ? std::optional(Buffer{}) : std::nullopt;
    default:
      // `option` and `qmi_wwan` raise DTR on every port they open.
      return setup.request == set_control_line_state && interface->cls == vendor_class ? std::optional(Buffer{})
                                                                                       : std::nullopt;
  }
}

std::optional<Buffer> UsbFunction::endpoint_request(const Setup& setup) const {
  auto address = static_cast<std::uint8_t>(setup.index);
  auto known = setup.index == 0 || setup.index == 0x80 || outs_.contains(address) || ins_.contains(address);
  if (!known || setup.index > 0xFF) {
    return std::nullopt;
  }
  if (setup.request_type == from_endpoint && setup.request == get_status) {
    return status_zero();  // a stall here ends one transfer, the endpoint is never left halted
  }
  if (setup.request_type == to_endpoint && setup.request == clear_feature && setup.value == endpoint_halt) {
    return Buffer{};
  }
  return std::nullopt;
}

std::optional<Buffer> UsbFunction::descriptor(std::uint8_t type, std::uint8_t index) const {
  switch (static_cast<DescriptorType>(type)) {
    case DescriptorType::device:
      return device_descriptor(fingerprint_);
    case DescriptorType::configuration:
      return index == 0 ? std::optional(configuration_descriptor(fingerprint_)) : std::nullopt;
    case DescriptorType::string:
      return string_descriptor(fingerprint_, index);
    case DescriptorType::device_qualifier:
      return fingerprint_.speed == usb::Speed::high ? std::optional(device_qualifier_descriptor()) : std::nullopt;
    default:
      return std::nullopt;
  }
}

const usb::InterfaceInfo* UsbFunction::find_interface(std::uint16_t number) const {
  auto found = std::ranges::find_if(fingerprint_.interfaces, [&](const auto& i) { return i.number == number; });
  return found == fingerprint_.interfaces.end() ? nullptr : &*found;
}

void UsbFunction::disconnect() {
  for (auto& [address, endpoint] : outs_) {
    endpoint.fail_all(UrbStatus::gone);
  }
  for (auto& [address, endpoint] : ins_) {
    endpoint.fail_all(UrbStatus::gone);
  }
}

usb::BulkPair function_pair(const usb::Fingerprint& fingerprint) {
  for (const auto& interface : fingerprint.interfaces) {
    if (auto pair = usb::bulk_pair(interface)) {
      return *pair;
    }
  }
  throw std::logic_error("a persona's mode has no pair of bulk endpoints");
}

}  // namespace modemedic::twin
