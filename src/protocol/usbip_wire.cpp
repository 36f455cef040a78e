#include "protocol/usbip_wire.h"

#include <algorithm>

namespace modemedic::protocol::usbip {

namespace {

constexpr std::size_t path_size = 256;

/// What CMD_SUBMIT says in number_of_packets for every transfer that isn't isochronous.
constexpr std::uint32_t no_iso_packets = 0xffffffff;

std::uint32_t as_unsigned(std::int32_t value) {
  return static_cast<std::uint32_t>(value);
}

std::int32_t as_signed(std::uint32_t value) {
  return static_cast<std::int32_t>(value);
}

}  // namespace

Buffer encode(const OpHeader& header) {
  return ByteWriter(Endian::big).u16(header.version).u16(header.code).u32(header.status).take();
}

OpHeader decode_op(ByteView bytes) {
  ByteReader reader(bytes, Endian::big);
  OpHeader header;
  header.version = reader.u16();
  header.code = reader.u16();
  header.status = reader.u32();
  return header;
}

Buffer encode(const Device& device, bool with_interfaces) {
  ByteWriter writer(Endian::big);
  // One less than the field: its reader may want to find a NUL.
  writer.text(device.path.substr(0, path_size - 1), path_size);
  writer.text(device.busid.substr(0, busid_size - 1), busid_size);
  writer.u32(device.busnum).u32(device.devnum).u32(device.speed);
  writer.u16(device.vid).u16(device.pid).u16(device.bcd_device);
  writer.u8(device.cls).u8(device.subclass).u8(device.protocol);
  writer.u8(device.configuration).u8(device.configurations).u8(device.interface_count);
  if (with_interfaces) {
    for (const auto& interface : device.interfaces) {
      writer.u8(interface.cls).u8(interface.subclass).u8(interface.protocol).u8(0);
    }
  }
  return writer.take();
}

Device decode_device(ByteView bytes) {
  ByteReader reader(bytes, Endian::big);
  Device device;
  device.path = reader.text(path_size);
  device.busid = reader.text(busid_size);
  device.busnum = reader.u32();
  device.devnum = reader.u32();
  device.speed = reader.u32();
  device.vid = reader.u16();
  device.pid = reader.u16();
  device.bcd_device = reader.u16();
  device.cls = reader.u8();
  device.subclass = reader.u8();
  device.protocol = reader.u8();
  device.configuration = reader.u8();
  device.configurations = reader.u8();
  device.interface_count = reader.u8();
  return device;
}

std::array<std::byte, urb_header_size> encode(const UrbHeader& header) {
  std::array<std::byte, urb_header_size> bytes{};
  auto put = [&bytes](std::size_t at, std::uint32_t value) { store(&bytes[at], value, Endian::big); };
  put(0, static_cast<std::uint32_t>(header.command));
  put(4, header.seqnum);
  put(8, header.devid);
  put(12, header.in ? 1 : 0);
  put(16, header.endpoint);
  switch (header.command) {
    case UrbCommand::submit:
      put(20, header.flags);
      put(24, as_unsigned(header.length));
      put(32, no_iso_packets);
      put(36, as_unsigned(header.interval));
      std::copy(header.setup.begin(), header.setup.end(), bytes.begin() + 40);
      break;
    case UrbCommand::ret_submit:
      put(20, as_unsigned(header.status));
      put(24, as_unsigned(header.length));
      break;
    case UrbCommand::unlink:
      put(20, header.unlink_seqnum);
      break;
    case UrbCommand::ret_unlink:
      put(20, as_unsigned(header.status));
      break;
  }
  return bytes;
}

UrbHeader decode_urb(ByteView bytes) {
  ByteReader reader(bytes, Endian::big);
  UrbHeader header;
  header.command = static_cast<UrbCommand>(reader.u32());
  header.seqnum = reader.u32();
  header.devid = reader.u32();
  header.in = reader.u32() == 1;
  header.endpoint = reader.u32();
  switch (header.command) {
    case UrbCommand::submit: {
      header.flags = reader.u32();
      header.length = as_signed(reader.u32());
      reader.take(8);  // start_frame, number_of_packets: isochronous only
      header.interval = as_signed(reader.u32());
      auto setup = reader.take(header.setup.size());
      std::copy(setup.begin(), setup.end(), header.setup.begin());
      break;
    }
    case UrbCommand::ret_submit:
      header.status = as_signed(reader.u32());
      header.length = as_signed(reader.u32());
      break;
    case UrbCommand::unlink:
      header.unlink_seqnum = reader.u32();
      break;
    case UrbCommand::ret_unlink:
      header.status = as_signed(reader.u32());
      break;
  }
  return header;
}

}  // namespace modemedic::protocol::usbip
