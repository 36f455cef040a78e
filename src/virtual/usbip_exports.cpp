#include "virtual/usbip_exports.h"

#include <algorithm>

namespace modemedic::twin {

namespace usbip = protocol::usbip;

namespace {

constexpr std::uint32_t bus_number = 1;

/// Device numbers grow with each enumeration, as a kernel gives them.
std::uint32_t device_number(const UsbIpExports::Export& entry) {
  return static_cast<std::uint32_t>(entry.modem->enumeration() & 0xFFFFU);
}

bool can_be_taken(const UsbIpExports::Export& entry) {
  return !entry.imported && entry.modem->function() != nullptr;
}

}  // namespace

void UsbIpExports::add(Pluggable& modem, std::string busid) {
  entries_.push_back({&modem, std::move(busid)});
}

usbip::Device UsbIpExports::describe(const Export& entry) {
  const auto& shape = entry.modem->function()->fingerprint();
  usbip::Device device;
  device.path = "/sys/devices/virtual/usb1/" + entry.busid;  // portable: what a server of Linux says
  device.busid = entry.busid;
  device.busnum = bus_number;
  device.devnum = device_number(entry);
  device.speed = static_cast<std::uint32_t>(shape.speed);
  device.vid = shape.vid;
  device.pid = shape.pid;
  device.bcd_device = shape.bcd_device;
  device.interface_count = static_cast<std::uint8_t>(shape.interfaces.size());
  for (const auto& interface : shape.interfaces) {
    device.interfaces.push_back({interface.cls, interface.subclass, interface.protocol});
  }
  return device;
}

std::vector<std::pair<std::size_t, std::string>> UsbIpExports::free_to_take() const {
  std::vector<std::pair<std::size_t, std::string>> found;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (can_be_taken(entries_[i])) {
      found.emplace_back(i, entries_[i].busid);
    }
  }
  return found;
}

std::uint32_t UsbIpExports::devid(const Export& entry) {
  return bus_number << 16U | device_number(entry);
}

Buffer UsbIpExports::device_list() const {
  usbip::OpHeader header;
  header.code = usbip::op_rep_devlist;
  ByteWriter reply(Endian::big);
  reply.bytes(usbip::encode(header));
  reply.u32(static_cast<std::uint32_t>(std::ranges::count_if(entries_, can_be_taken)));
  for (const auto& entry : entries_) {
    if (can_be_taken(entry)) {
      reply.bytes(usbip::encode(describe(entry), true));
    }
  }
  return reply.take();
}

UsbIpExports::Export* UsbIpExports::take(std::string_view busid) {
  auto entry = std::ranges::find(entries_, busid, &Export::busid);
  if (entry == entries_.end() || !can_be_taken(*entry)) {
    return nullptr;
  }
  entry->imported = true;
  return &*entry;
}

}  // namespace modemedic::twin
