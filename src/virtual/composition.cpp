#include "virtual/composition.h"

#include "knowledge/shape.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

using knowledge::Role;
using usb::EndpointInfo;
using usb::InterfaceInfo;
using usb::TransferType;
using Interfaces = std::vector<InterfaceInfo>;
using Assembled = std::vector<Interfaces>;

constexpr std::uint16_t high_speed_bulk = 512;
constexpr std::uint16_t full_speed_bulk = 64;

InterfaceInfo control(std::uint8_t cls, std::uint8_t subclass, std::uint8_t protocol) {
  InterfaceInfo interface;
  interface.cls = cls;
  interface.subclass = subclass;
  interface.protocol = protocol;
  interface.endpoints = {EndpointInfo{0x8E, TransferType::interrupt, 16, 9}};
  return interface;
}

InterfaceInfo data(std::uint8_t protocol) {
  InterfaceInfo interface;
  interface.cls = 0x0A;
  interface.protocol = protocol;
  interface.endpoints = {EndpointInfo{0x8F, TransferType::bulk, high_speed_bulk, 0},
                         EndpointInfo{0x0F, TransferType::bulk, high_speed_bulk, 0}};
  return interface;
}

Interfaces mbim() {
  return {control(0x02, 0x0E, 0x00), data(0x02)};
}

Interfaces rndis() {
  return {control(0xE0, 0x01, 0x03), data(0x00)};
}

Interfaces ecm() {
  return {control(0x02, 0x06, 0x00), data(0x00)};
}

/// The usual composition, taken apart: DIAG, NMEA, AT and modem, QMI.
struct Parts {
  explicit Parts(const usb::Fingerprint& usual) {
    for (const auto& interface : usual.interfaces) {
      switch (knowledge::role(interface)) {
        case Role::diag:
          diag.push_back(interface);
          break;
        case Role::nmea:
        case Role::serial:
          serial.push_back(interface);
          break;
        case Role::qmi:
          qmi.push_back(interface);
          break;
        default:
          break;
      }
    }
  }

  Interfaces diag;
  Interfaces serial;
  Interfaces qmi;
};

struct Composition {
  std::string_view name;
  Assembled (*parts)(const Parts& of);
};

constexpr std::array compositions = {
    Composition{"rndis",
                [](const Parts& of) {
                  return Assembled{rndis(), of.diag, of.serial};
                }},
    Composition{"ecm",
                [](const Parts& of) {
                  return Assembled{of.diag, of.serial, ecm()};
                }},
    Composition{"mbim",
                [](const Parts& of) {
                  return Assembled{of.diag, of.serial, mbim()};
                }},
    Composition{"mbim_only", [](const Parts&) { return Assembled{mbim()}; }},
    Composition{"laptop",
                [](const Parts& of) {
                  return Assembled{mbim(), Interfaces(of.serial.begin(), of.serial.begin() + 1), of.diag};
                }},
    Composition{"no_at",
                [](const Parts& of) {
                  return Assembled{of.diag, of.qmi};
                }},
    Composition{"no_diag",
                [](const Parts& of) {
                  return Assembled{of.serial, of.qmi};
                }},
};

void slow_down(usb::Fingerprint& shown) {
  shown.speed = usb::Speed::full;
  for (auto& interface : shown.interfaces) {
    for (auto& endpoint : interface.endpoints) {
      endpoint.max_packet = std::min(endpoint.max_packet, full_speed_bulk);
    }
  }
}

}  // namespace

Result<usb::Fingerprint> with_composition(const usb::Fingerprint& usual, std::string_view name) {
  const auto* chosen = std::ranges::find(compositions, name, &Composition::name);
  Parts parts(usual);
  if (chosen == compositions.end() || parts.diag.empty() || parts.serial.empty()) {
    return fail(Code::usage)
        .what(fmt::format("there is no composition '{}'", name))
        .hint("compositions are rndis, ecm, mbim, mbim_only, laptop, no_at and no_diag");
  }
  auto shown = usual;
  shown.interfaces.clear();
  for (const auto& part : chosen->parts(parts)) {
    shown.interfaces.insert(shown.interfaces.end(), part.begin(), part.end());
  }
  for (std::size_t i = 0; i < shown.interfaces.size(); ++i) {
    shown.interfaces[i].number = static_cast<std::uint8_t>(i);
  }
  return shown;
}

void spoil_usb(Persona& persona, const Faults& faults) {
  if (const auto* fault = faults.find("composition")) {
    if (auto shown = with_composition(persona.running, fault->where)) {
      persona.running = std::move(*shown);
    }
  }
  if (faults.find("full-speed") != nullptr) {
    for (auto* shown : {&persona.running, &persona.edl, &persona.download, &persona.fastboot, &persona.dump}) {
      slow_down(*shown);
    }
  }
}

unsigned usbnet_of(const usb::Fingerprint& shown) {
  for (const auto& interface : shown.interfaces) {
    if (knowledge::is_network(interface)) {
      return interface.cls == 0x02 ? (interface.subclass == 0x06 ? 1 : 2) : 3;
    }
  }
  return 0;
}

}  // namespace modemedic::twin
