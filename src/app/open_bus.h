#pragma once

#include "app/grammar.h"
#include "usb/bus.h"

#include <memory>
#include <string>

namespace modemedic::app {

/// A network address as it is written on the command line.
struct Address {
  std::string host;
  std::uint16_t port = 0;
};

/// HOST, HOST:PORT or [IPV6]:PORT.
/// @return Code::usage
Result<Address> parse_address(const std::string& text, std::uint16_t default_port);

/// The bus that --bus names: `usb`, or `usbip:HOST[:PORT]`. With --tty only the modem is in sight that has this port.
/// @return Code::usage, Code::io (nobody listens there), Code::no_modem (the port is not a modem's)
Result<std::unique_ptr<usb::Bus>> open_bus(const GlobalOptions& global, const Clock& clock);

}  // namespace modemedic::app
