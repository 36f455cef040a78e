#include "usb/vhci_host.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <unistd.h>

namespace modemedic::usb {

namespace {

/// A port that nothing is plugged into (VDEV_ST_NULL in the kernel's drivers/usb/usbip/usbip_common.h).
constexpr int port_free = 4;

struct Port {
  unsigned number = 0;
  int status = 0;
};

/// The status file has a line for each port: "hs  0000 004 000 00000000 000000 0-0", the first three its hub (hs or
/// ss), its number and its status.
std::optional<Port> find_port(std::istream& status, std::string_view hub, std::size_t slot) {
  std::string line;
  while (std::getline(status, line)) {
    std::istringstream words(line);
    std::string name;
    Port port;
    if (words >> name >> port.number >> port.status && name == hub && slot-- == 0) {
      return port;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<VhciHost> VhciHost::open(std::filesystem::path controller) {
  std::error_code error;
  if (!std::filesystem::exists(controller / "attach", error)) {
    return fail(Code::usage)
        .what("this machine has no virtual USB host controller")
        .hint("load it: modprobe vhci-hcd (package linux-image of Debian has it)");
  }
  if (access((controller / "attach").c_str(), W_OK) != 0) {
    return fail_errno(errno, "plug into the virtual USB host controller").hint("run as root");
  }
  return VhciHost(std::move(controller));
}

Result<std::optional<Descriptor>> VhciHost::plug(std::size_t slot, std::uint32_t devid, Speed speed) {
  std::ifstream status(controller_ / "status");
  auto port = find_port(status, speed == Speed::super ? "ss" : "hs", slot);
  if (!port) {
    return fail(Code::usage)
        .what(fmt::format("the virtual USB host controller has no port {}", slot + 1))
        .hint("serve fewer modems at once");
  }
  if (port->status != port_free) {
    return std::nullopt;
  }
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return fail_errno(errno, "make a socket pair");
  }
  Descriptor ours(pair[0]);
  Descriptor kernels(pair[1]);
  fcntl(ours.get(), F_SETFL, fcntl(ours.get(), F_GETFL) | O_NONBLOCK);

  Descriptor attach(::open((controller_ / "attach").c_str(), O_WRONLY | O_CLOEXEC));
  auto order = fmt::format("{} {} {} {}", port->number, kernels.get(), devid, static_cast<unsigned>(speed));
  if (!attach.is_open() || write(attach.get(), order.data(), order.size()) < 0) {
    return fail_errno(errno, fmt::format("plug into port {} of the virtual USB host controller", port->number));
  }
  return ours;
}

}  // namespace modemedic::usb
