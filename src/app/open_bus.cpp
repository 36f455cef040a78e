#include "app/open_bus.h"

#include "protocol/usbip_wire.h"
#include "usb/libusb_bus.h"
#include "usb/usbip_bus.h"

#include <charconv>

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

Result<std::unique_ptr<usb::Bus>> open_bus(const GlobalOptions& global, const Clock& clock) {
  const auto& name = global.bus;
  constexpr std::string_view usbip = "usbip:";
  if (name.starts_with(usbip)) {
    TRY_ASSIGN(auto address, parse_address(name.substr(usbip.size()), protocol::usbip::default_port));
    TRY_ASSIGN(auto bus, usb::UsbIpBus::connect(address.host, address.port, clock));
    return bus;
  }
  if (name == "usb") {
    TRY_ASSIGN(auto bus, usb::LibusbBus::start(clock));
    return bus;
  }
  return fail(Code::usage).what("there is no bus `" + name + "`").hint("usb, or usbip:HOST[:PORT]");
}

}  // namespace modemedic::app
