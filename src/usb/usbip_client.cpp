#include "usb/usbip_client.h"

#include <array>

#include <fmt/format.h>

namespace modemedic::usb {

namespace usbip = protocol::usbip;

namespace {

/// More than any bus has ports for; a count beyond it is a lie.
constexpr std::uint32_t most_devices = 1024;
constexpr std::size_t interface_size = 4;

Failure not_usbip(std::string what) {
  return fail(Code::device_protocol)
      .what(std::move(what))
      .hint("see that HOST:PORT is a USB/IP server (version 1.1.1)");
}

/// Reads a reply's header and checks that it answers us.
Result<std::uint32_t> read_status(Socket& socket, std::uint16_t code, const Clock& clock, Deadline deadline) {
  std::array<std::byte, usbip::op_header_size> bytes{};
  TRY(socket.read_all(bytes, clock, deadline));
  auto header = usbip::decode_op(bytes);
  if (header.version != usbip::version || header.code != code) {
    return not_usbip(fmt::format("the server answered {} where a USB/IP reply {:04x} was due", hex(bytes), code));
  }
  return header.status;
}

Result<usbip::Device> read_device(Socket& socket, const Clock& clock, Deadline deadline) {
  std::array<std::byte, usbip::device_size> bytes{};
  TRY(socket.read_all(bytes, clock, deadline));
  return usbip::decode_device(bytes);
}

/// What the kernel's usbip tools call ST_NA, ST_DEV_BUSY, ST_DEV_ERR, ST_NODEV, ST_ERROR.
Failure fail_import(std::uint32_t status, const std::string& busid) {
  constexpr std::uint32_t no_device = 4;
  if (status == no_device) {
    return fail(Code::modem_lost)
        .what(fmt::format("the USB/IP server has no device {} any more", printable(busid)))
        .hint("wait until the modem is back, and start anew");
  }
  return fail(Code::busy)
      .what(fmt::format("the USB/IP server does not hand out {} (status {})", printable(busid), status))
      .hint("another program or machine has it attached (usbip port): detach it there");
}

}  // namespace

Result<std::vector<usbip::Device>> list_devices(const UsbIpServerAddress& server, const Clock& clock,
                                                Deadline deadline) {
  TRY_ASSIGN(auto socket, Socket::connect(server.host, server.port, clock, deadline));
  TRY(socket.write_all(usbip::encode(usbip::OpHeader{.code = usbip::op_req_devlist}), clock, deadline));
  TRY_ASSIGN(auto status, read_status(socket, usbip::op_rep_devlist, clock, deadline));
  if (status != 0) {
    return not_usbip(fmt::format("the USB/IP server refuses to list its devices (status {})", status));
  }
  std::array<std::byte, 4> count_bytes{};
  TRY(socket.read_all(count_bytes, clock, deadline));
  auto count = load<std::uint32_t>(count_bytes.data(), Endian::big);
  if (count > most_devices) {
    return not_usbip(fmt::format("the USB/IP server claims to have {} devices", count));
  }
  std::vector<usbip::Device> devices;
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY_ASSIGN(auto device, read_device(socket, clock, deadline));
    for (unsigned n = 0; n < device.interface_count; ++n) {
      std::array<std::byte, interface_size> bytes{};
      TRY(socket.read_all(bytes, clock, deadline));
      ByteReader reader(bytes, Endian::big);
      device.interfaces.push_back({.cls = reader.u8(), .subclass = reader.u8(), .protocol = reader.u8()});
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

Result<Imported> import_device(const UsbIpServerAddress& server, const std::string& busid, const Clock& clock,
                               Deadline deadline) {
  TRY_ASSIGN(auto socket, Socket::connect(server.host, server.port, clock, deadline));
  auto request = ByteWriter(Endian::big)
                     .bytes(usbip::encode(usbip::OpHeader{.code = usbip::op_req_import}))
                     .text(busid, usbip::busid_size)
                     .take();
  TRY(socket.write_all(request, clock, deadline));
  TRY_ASSIGN(auto status, read_status(socket, usbip::op_rep_import, clock, deadline));
  if (status != 0) {
    return fail_import(status, busid);
  }
  TRY_ASSIGN(auto device, read_device(socket, clock, deadline));
  return Imported{.socket = std::move(socket), .device = std::move(device)};
}

Fingerprint outline(const usbip::Device& device) {
  Fingerprint shape;
  shape.vid = device.vid;
  shape.pid = device.pid;
  shape.bcd_device = device.bcd_device;
  shape.speed = device.speed <= 3 || device.speed == 5 ? static_cast<Speed>(device.speed) : Speed::unknown;
  for (const auto& interface : device.interfaces) {
    InterfaceInfo info;
    info.number = static_cast<std::uint8_t>(shape.interfaces.size());
    info.cls = interface.cls;
    info.subclass = interface.subclass;
    info.protocol = interface.protocol;
    shape.interfaces.push_back(std::move(info));
  }
  return shape;
}

Failure fail_urb(std::int32_t status, std::string_view endpoint) {
  auto lost = [&](std::string_view words) {
    return fail(Code::modem_lost)
        .what(fmt::format("the modem left the bus: {} on {} (USB/IP status {})", words, endpoint, status))
        .hint("see that it has power, and start anew when it is back");
  };
  auto wrong = [&](std::string_view words) {
    return fail(Code::device_protocol)
        .what(fmt::format("{} on {} (USB/IP status {})", words, endpoint, status))
        .hint("take all power from the modem for some seconds, and start anew");
  };
  switch (status) {
    case -108:
      return lost("shut down");
    case -19:
      return lost("no such device");
    case -2:
    case -104:
      return lost("transfer cancelled");
    case -71:
      return lost("bus protocol error");
    case -84:
      return lost("bus checksum error");
    case -62:
    case -110:
      return lost("no reply on the bus");
    case -32:
      return wrong("the modem stalled");
    case -75:
      return wrong("the modem sent more than was asked for");
    default:
      return wrong("a transfer failed");
  }
}

}  // namespace modemedic::usb
