#include "app/open_bus.h"

#include "knowledge/state.h"
#include "protocol/usbip_wire.h"
#include "usb/libusb_bus.h"
#include "usb/tty_bus.h"
#include "usb/usbip_bus.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace modemedic::app {

Result<Address> parse_address(const std::string& text, std::uint16_t default_port) {
  auto bad = [&] {
    return fail(Code::usage).what("`" + text + "` is no address").hint("write HOST, HOST:PORT or [IPV6]:PORT");
  };
  Address address{text, default_port};
  std::string_view port;
  auto bracket = text.find(']');
  auto colon = text.rfind(':');
  if (!text.empty() && text.front() == '[') {
    if (bracket == std::string::npos) {
      return bad();
    }
    address.host = text.substr(1, bracket - 1);
    if (bracket + 1 < text.size()) {
      if (text[bracket + 1] != ':') {
        return bad();
      }
      port = std::string_view(text).substr(bracket + 2);
    }
  } else if (colon != std::string::npos && text.find(':') == colon) {
    address.host = text.substr(0, colon);
    port = std::string_view(text).substr(colon + 1);
    if (port.empty()) {
      return bad();
    }
  }
  if (!port.empty()) {
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size()) {
      return bad();
    }
  }
  if (address.host.empty()) {
    return bad();
  }
  return address;
}

namespace {

Result<std::unique_ptr<usb::Bus>> bus_of_tty(const std::string& node, std::unique_ptr<usb::Bus> usb) {
  TRY_ASSIGN(auto tty, usb::find_tty(node));
  TRY_ASSIGN(auto devices, usb->snapshot());
  auto device = std::ranges::find(devices, tty.port, &usb::DeviceInfo::port);
  if (device == devices.end() || knowledge::conclude(device->fingerprint).state == knowledge::State::not_ours) {
    return fail(Code::no_modem)
        .what(fmt::format("{} belongs to the device at port {}, which is no modem we know", node, tty.port))
        .hint("modemedic list shows the modems in sight");
  }
  return std::make_unique<usb::TtyBus>(std::move(usb), std::move(tty), &knowledge::at_interface);
}

}  // namespace

Result<std::unique_ptr<usb::Bus>> open_bus(const GlobalOptions& global, const Clock& clock) {
  const auto& name = global.bus;
  constexpr std::string_view usbip = "usbip:";
  if (!global.tty.empty() && name != "usb") {
    return fail(Code::usage).what("--tty names a port of this machine: it doesn't go with --bus " + name);
  }
  if (name.starts_with(usbip)) {
    TRY_ASSIGN(auto address, parse_address(name.substr(usbip.size()), protocol::usbip::default_port));
    TRY_ASSIGN(auto bus, usb::UsbIpBus::connect(address.host, address.port, clock));
    return bus;
  }
  if (name == "usb") {
    TRY_ASSIGN(auto bus, usb::LibusbBus::start(clock));
    return global.tty.empty() ? Result<std::unique_ptr<usb::Bus>>(std::move(bus))
                              : bus_of_tty(global.tty, std::move(bus));
  }
  return fail(Code::usage).what("there is no bus `" + name + "`").hint("usb, or usbip:HOST[:PORT]");
}

}  // namespace modemedic::app
