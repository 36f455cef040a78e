#pragma once

#include "usb/fingerprint.h"

#include <cstdint>
#include <string>
#include <vector>

/// Devices as the facts' table shows them, for the tests of knowledge/.
namespace modemedic::knowledge::seen {

struct Class {
  std::uint8_t cls;
  std::uint8_t subclass;
  std::uint8_t protocol;
  bool interrupt;
};

constexpr Class diag{0xFF, 0xFF, 0xFF, false};
constexpr Class diag_30{0xFF, 0xFF, 0x30, false};
constexpr Class serial{0xFF, 0x00, 0x00, true};
constexpr Class nmea{0xFF, 0x00, 0x40, true};
constexpr Class qmi{0xFF, 0xFF, 0xFF, true};
constexpr Class qmi_50{0xFF, 0xFF, 0x50, true};
constexpr Class adb{0xFF, 0x42, 0x01, false};
constexpr Class fastboot{0xFF, 0x42, 0x03, false};
constexpr Class rndis{0xE0, 0x01, 0x03, true};
constexpr Class cdc_data{0x0A, 0x00, 0x00, false};
constexpr Class mbim{0x02, 0x0E, 0x00, true};
constexpr Class sdx_edl{0xFF, 0xFF, 0x11, false};

inline usb::Fingerprint device(std::uint16_t vid, std::uint16_t pid, std::uint16_t bcd,
                               const std::vector<Class>& classes, std::string product = "",
                               std::string manufacturer = "", std::string serial_number = "") {
  usb::Fingerprint shown;
  shown.vid = vid;
  shown.pid = pid;
  shown.bcd_device = bcd;
  shown.product = std::move(product);
  shown.manufacturer = std::move(manufacturer);
  shown.serial = std::move(serial_number);
  for (const auto& c : classes) {
    usb::InterfaceInfo interface;
    interface.number = static_cast<std::uint8_t>(shown.interfaces.size());
    interface.cls = c.cls;
    interface.subclass = c.subclass;
    interface.protocol = c.protocol;
    auto address = static_cast<std::uint8_t>(interface.number + 1);
    interface.endpoints.push_back({static_cast<std::uint8_t>(0x80U | address), usb::TransferType::bulk});
    interface.endpoints.push_back({address, usb::TransferType::bulk});
    if (c.interrupt) {
      interface.endpoints.push_back({static_cast<std::uint8_t>(0x88U | address), usb::TransferType::interrupt, 16, 9});
    }
    shown.interfaces.push_back(interface);
  }
  return shown;
}

inline std::vector<Class> usual() {
  return {diag, serial, serial, serial, qmi};
}

}  // namespace modemedic::knowledge::seen
