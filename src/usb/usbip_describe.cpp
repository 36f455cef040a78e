#include "usb/descriptors.h"
#include "usb/usbip_client.h"

#include <array>

#include <fmt/format.h>

namespace modemedic::usb {

namespace usbip = protocol::usbip;

namespace {

/// A running modem with all its interfaces has about 300 bytes.
constexpr std::size_t longest_configuration = 4096;
constexpr std::uint16_t longest_string = 255;
constexpr std::byte standard_in{0x80};
constexpr std::byte get_descriptor{0x06};

/// Control transfers on endpoint 0, one at a time.
class ControlPipe {
public:
  ControlPipe(Imported& imported, const Clock& clock, Deadline deadline)
      : imported_(imported), clock_(clock), deadline_(deadline) {}

  Result<Buffer> descriptor(std::uint8_t type, std::uint8_t index, std::uint16_t language, std::size_t size) {
    usbip::UrbHeader request;
    request.seqnum = ++seqnum_;
    request.devid = imported_.devid();
    request.in = true;
    request.length = static_cast<std::int32_t>(size);
    request.setup = {standard_in, get_descriptor, std::byte{index}, std::byte{type}};
    store(&request.setup[4], language, Endian::little);
    store(&request.setup[6], static_cast<std::uint16_t>(size), Endian::little);
    TRY(imported_.socket.write_all(usbip::encode(request), clock_, deadline_));

    std::array<std::byte, usbip::urb_header_size> bytes{};
    TRY(imported_.socket.read_all(bytes, clock_, deadline_));
    auto reply = usbip::decode_urb(bytes);
    auto lies = reply.command != usbip::UrbCommand::ret_submit || reply.seqnum != seqnum_ || reply.length < 0 ||
                static_cast<std::size_t>(reply.length) > size;
    if (lies) {
      return fail(Code::device_protocol)
          .what(fmt::format("the USB/IP server answered a request for {} bytes with {}", size, hex(bytes)));
    }
    Buffer data(static_cast<std::size_t>(reply.length));
    TRY(imported_.socket.read_all(data, clock_, deadline_));
    if (reply.status != 0) {
      return fail_urb(reply.status, "endpoint 0");
    }
    return data;
  }

  /// A device that has no such string, or stalls for it, has none.
  Result<std::string> text(std::uint8_t index, std::uint16_t language) {
    if (index == 0) {
      return std::string();
    }
    auto bytes = descriptor(string_descriptor, index, language, longest_string);
    if (!bytes && bytes.error().code != Code::device_protocol) {
      return fail(std::move(bytes.error()));
    }
    return bytes ? parse_string(*bytes) : std::string();
  }

private:
  Imported& imported_;
  const Clock& clock_;
  Deadline deadline_;
  std::uint32_t seqnum_ = 0;
};

Failure no_descriptor(std::string_view which, ByteView bytes) {
  return fail(Code::device_protocol)
      .what(fmt::format("what the device sent is no {} descriptor: {}", which,
                        hex(bytes.first(std::min<std::size_t>(bytes.size(), 32)))));
}

}  // namespace

Result<Fingerprint> describe_device(Imported& imported, const Clock& clock, Deadline deadline) {
  ControlPipe control(imported, clock, deadline);
  TRY_ASSIGN(auto device_bytes, control.descriptor(device_descriptor, 0, 0, device_descriptor_size));
  auto device = parse_device(device_bytes);
  if (!device) {
    return no_descriptor("device", device_bytes);
  }
  TRY_ASSIGN(auto header, control.descriptor(configuration_descriptor, 0, 0, configuration_header_size));
  auto length = parse_total_length(header);
  if (!length || *length < configuration_header_size || *length > longest_configuration) {
    return no_descriptor("configuration", header);
  }
  TRY_ASSIGN(auto configuration, control.descriptor(configuration_descriptor, 0, 0, *length));

  auto shape = outline(imported.device);
  shape.vid = device->vid;
  shape.pid = device->pid;
  shape.bcd_device = device->bcd_device;
  shape.interfaces = parse_interfaces(configuration);
  std::uint16_t language = 0;
  if (device->manufacturer != 0 || device->product != 0 || device->serial != 0) {
    auto languages = control.descriptor(string_descriptor, 0, 0, longest_string);
    language = parse_language(languages ? ByteView(*languages) : ByteView());
  }
  TRY_ASSIGN(shape.manufacturer, control.text(device->manufacturer, language));
  TRY_ASSIGN(shape.product, control.text(device->product, language));
  TRY_ASSIGN(shape.serial, control.text(device->serial, language));
  return shape;
}

}  // namespace modemedic::usb
