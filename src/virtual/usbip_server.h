#pragma once

#include "base/descriptor.h"
#include "base/error.h"
#include "usb/vhci_host.h"
#include "virtual/listener.h"
#include "virtual/socket_guest.h"
#include "virtual/timers.h"
#include "virtual/usbip_connection.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace modemedic::twin {

/// Offers virtual modems over USB/IP 1.1.1 on TCP: to our own client, or to any machine with vhci-hcd.
///
/// One thread, one poll loop, which runs the modems' timers too: what a modem does happens inside run(). When a modem
/// turns into another device, its import ends (the connection is closed after the last replies) and the new one can be
/// imported.
class UsbIpServer {
public:
  /// Listens on `host` (a name or address) at `port`; 0 takes a free one. Timers on the machine's own clock.
  /// @return Code::usage for a host that doesn't resolve, Code::io, Code::permission
  static Result<std::unique_ptr<UsbIpServer>> listen(const std::string& host, std::uint16_t port, Timers& timers);

  ~UsbIpServer();
  UsbIpServer(const UsbIpServer&) = delete;
  UsbIpServer& operator=(const UsbIpServer&) = delete;

  /// The port that it listens on.
  std::uint16_t port() const { return listener_.port(); }

  /// Offers this modem as `busid` ("1-1"); it must outlive the server.
  void export_modem(Pluggable& modem, std::string busid);

  /// Plugs the modems into this machine's own virtual host controller too: each into the port of its place in the
  /// row, again after each change of mode. A client of the network finds them taken then. `vhci` outlives the server.
  void plug_into(usb::VhciHost& vhci) { vhci_ = &vhci; }

  /// Serves this guest too, in the same thread; it outlives the server.
  void serve_beside(SocketGuest& guest) { guest_ = &guest; }

  /// Serves until `stop` (the end of a pipe) becomes readable.
  /// @return Code::io when poll fails, or what usb::VhciHost::plug() says
  Result<void> run(int stop);

private:
  UsbIpServer(Listener listener, Timers& timers);

  Result<bool> wait(int stop);
  void accept_clients();
  bool accepting() const;
  Result<void> plug_in();

  Listener listener_;
  Timers& timers_;
  UsbIpExports exports_;
  std::vector<std::unique_ptr<UsbIpConnection>> connections_;
  usb::VhciHost* vhci_ = nullptr;
  SocketGuest* guest_ = nullptr;
  std::optional<TimePoint> plug_again_;  ///< a port was still busy with what was there before
  TimePoint accept_from_{};              ///< after this machine had no descriptor left for a client
};

}  // namespace modemedic::twin
