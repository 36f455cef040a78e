#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <array>
#include <string>
#include <vector>

/// USB/IP 1.1.1 (Linux Documentation/usb/usbip_protocol), big-endian. Shared by our client and our server.
namespace modemedic::protocol::usbip {

constexpr std::uint16_t default_port = 3240;
constexpr std::uint16_t version = 0x0111;
constexpr std::uint16_t op_req_devlist = 0x8005;
constexpr std::uint16_t op_rep_devlist = 0x0005;
constexpr std::uint16_t op_req_import = 0x8003;
constexpr std::uint16_t op_rep_import = 0x0003;
constexpr std::size_t op_header_size = 8;
constexpr std::size_t busid_size = 32;
constexpr std::size_t device_size = 0x138;  ///< the device block, without interfaces
constexpr std::size_t urb_header_size = 48;
constexpr std::uint32_t urb_zero_packet = 0x40;

enum class UrbCommand : std::uint32_t { submit = 1, unlink = 2, ret_submit = 3, ret_unlink = 4 };

struct Interface {
  std::uint8_t cls = 0, subclass = 0, protocol = 0;
};

struct Device {
  std::string path;
  std::string busid;
  std::uint32_t busnum = 0, devnum = 0, speed = 0;
  std::uint16_t vid = 0, pid = 0, bcd_device = 0;
  std::uint8_t cls = 0, subclass = 0, protocol = 0, configuration = 1, configurations = 1;
  std::uint8_t interface_count = 0;
  std::vector<Interface> interfaces;  ///< only in a device list
};

struct OpHeader {
  std::uint16_t version = usbip::version;
  std::uint16_t code = 0;
  std::uint32_t status = 0;
};

Buffer encode(const OpHeader& header);
OpHeader decode_op(ByteView bytes);  ///< exactly op_header_size bytes

Buffer encode(const Device& device, bool with_interfaces);
Device decode_device(ByteView bytes);  ///< exactly device_size bytes

/// A URB header of any command. Fields that a command doesn't have are zero.
struct UrbHeader {
  UrbCommand command = UrbCommand::submit;
  std::uint32_t seqnum = 0, devid = 0;
  bool in = false;
  std::uint32_t endpoint = 0;
  std::uint32_t flags = 0;  ///< submit
  std::int32_t length = 0;  ///< submit: buffer length; ret_submit: actual length
  std::int32_t status = 0;  ///< ret_submit, ret_unlink: 0 or negative errno
  std::uint32_t unlink_seqnum = 0;
  std::int32_t interval = 0;
  std::array<std::byte, 8> setup{};
};

std::array<std::byte, urb_header_size> encode(const UrbHeader& header);
UrbHeader decode_urb(ByteView bytes);  ///< exactly urb_header_size bytes

}  // namespace modemedic::protocol::usbip
