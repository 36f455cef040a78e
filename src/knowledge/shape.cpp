#include "knowledge/shape.h"

#include "knowledge/state.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::knowledge {

namespace {

struct Endpoints {
  std::size_t bulk = 0;
  std::size_t interrupt = 0;
  std::size_t others = 0;
};

Endpoints endpoints(const usb::InterfaceInfo& interface) {
  Endpoints found;
  for (const auto& endpoint : interface.endpoints) {
    switch (endpoint.type) {
      case usb::TransferType::bulk:
        ++found.bulk;
        break;
      case usb::TransferType::interrupt:
        ++found.interrupt;
        break;
      default:
        ++found.others;
        break;
    }
  }
  return found;
}

constexpr std::uint8_t vendor = 0xFF;

bool bulk_only(const usb::InterfaceInfo& interface) {
  auto found = endpoints(interface);
  return found.bulk == 2 && found.interrupt == 0 && found.others == 0 && usb::bulk_pair(interface);
}

bool bulk_and_interrupt(const usb::InterfaceInfo& interface) {
  auto found = endpoints(interface);
  return found.bulk == 2 && found.interrupt == 1 && found.others == 0 && usb::bulk_pair(interface);
}

Role vendor_role(const usb::InterfaceInfo& interface) {
  const auto protocol = interface.protocol;
  if (interface.subclass == vendor) {
    if (bulk_only(interface) && (protocol == 0xFF || protocol == 0x30)) {
      return Role::diag;
    }
    return bulk_and_interrupt(interface) && (protocol == 0xFF || protocol == 0x50) ? Role::qmi : Role::other;
  }
  if (interface.subclass == 0x00 && bulk_and_interrupt(interface)) {
    return protocol == 0x00 ? Role::serial : protocol == 0x40 ? Role::nmea : Role::other;
  }
  if (interface.subclass == 0x42) {
    return protocol == 0x01 ? Role::adb : protocol == 0x03 ? Role::fastboot : Role::other;
  }
  return Role::other;
}

}  // namespace

Role role(const usb::InterfaceInfo& interface) {
  if (interface.cls == vendor) {
    return vendor_role(interface);
  }
  return interface.cls == 0x02 && interface.subclass == 0x0E ? Role::mbim : Role::other;
}

bool boot_shape(const usb::Fingerprint& fingerprint) {
  return fingerprint.interfaces.size() == 1 && fingerprint.interfaces[0].cls == vendor &&
         role(fingerprint.interfaces[0]) != Role::fastboot && bulk_only(fingerprint.interfaces[0]);
}

std::size_t count(const usb::Fingerprint& fingerprint, Role wanted) {
  const auto& all = fingerprint.interfaces;
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [wanted](const auto& interface) { return role(interface) == wanted; }));
}

bool is_network(const usb::InterfaceInfo& interface) {
  auto text = class_text(interface);
  return text == "02/06/00" || text == "02/0e/00" || text == "e0/01/03" || text == "ef/04/01";
}

std::string class_text(const usb::InterfaceInfo& interface) {
  return fmt::format("{:02x}/{:02x}/{:02x}", interface.cls, interface.subclass, interface.protocol);
}

/// Usual order: NMEA, AT, modem. With NMEA told apart by its protocol, the first plain one is AT; else the second,
/// which is AT or the modem port, and both answer AT.
std::optional<std::uint8_t> at_interface(const usb::Fingerprint& fingerprint) {
  std::vector<std::uint8_t> serial;
  for (const auto& interface : fingerprint.interfaces) {
    if (role(interface) == Role::serial) {
      serial.push_back(interface.number);
    }
  }
  if (!serial.empty()) {
    auto first_is_at = serial.size() == 1 || count(fingerprint, Role::nmea) > 0;
    return serial[first_is_at ? 0 : 1];
  }
  // An EC20 (9x15) has ff/ff/ff everywhere: only the usual order is left, 0 DIAG, 1 NMEA, 2 AT, 3 modem, 4 network.
  const auto& all = fingerprint.interfaces;
  auto usual = std::find_if(all.begin(), all.end(), [](const auto& interface) { return interface.number == 2; });
  if (count(fingerprint, Role::qmi) >= 3 && usual != all.end() && role(*usual) == Role::qmi) {
    return std::uint8_t{2};
  }
  return std::nullopt;
}

/// Its own protocol tells it; else it is the port before AT.
std::optional<std::uint8_t> nmea_interface(const usb::Fingerprint& fingerprint) {
  auto at = at_interface(fingerprint);
  for (const auto& interface : fingerprint.interfaces) {
    auto shown = role(interface);
    if (shown == Role::nmea || (shown == Role::serial && at && interface.number < *at)) {
      return interface.number;
    }
    auto ec20 = shown == Role::qmi && interface.number == 1 && at == std::uint8_t{2} &&
                count(fingerprint, Role::serial) == 0;  // ff/ff/ff everywhere: the usual order
    if (ec20) {
      return interface.number;
    }
  }
  return std::nullopt;
}

std::optional<std::uint8_t> diag_interface(const usb::Fingerprint& fingerprint) {
  if (boot_shape(fingerprint)) {
    return std::nullopt;
  }
  const auto& all = fingerprint.interfaces;
  auto found =
      std::find_if(all.begin(), all.end(), [](const auto& interface) { return role(interface) == Role::diag; });
  return found == all.end() ? std::nullopt : std::optional(found->number);
}

}  // namespace modemedic::knowledge
