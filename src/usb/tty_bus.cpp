#include "usb/tty_bus.h"

#include "base/bytes.h"
#include "usb/nap.h"
#include "usb/permission_fix.h"
#include "usb/tty_pipe.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <unistd.h>

namespace modemedic::usb {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A modem that has just come: its driver takes its interfaces one by one, then udev gives each tty its group.
constexpr Duration settle_patience = 1500ms;
constexpr Duration between_looks = 20ms;

bool same_shape(const InterfaceInfo& one, const InterfaceInfo& other) {
  return one.cls == other.cls && one.subclass == other.subclass && one.protocol == other.protocol &&
         one.endpoints.size() == other.endpoints.size();
}

const InterfaceInfo* interface_of(const Fingerprint& fingerprint, std::optional<std::uint8_t> number) {
  auto found = std::ranges::find_if(fingerprint.interfaces, [&](const auto& one) { return number == one.number; });
  return found == fingerprint.interfaces.end() ? nullptr : &*found;
}

}  // namespace

Result<UsbTty> find_tty(const std::string& node, const Sysfs& sysfs) {
  std::error_code error;
  auto real = fs::canonical(node, error);
  if (error) {
    return fail(Code::no_modem)
        .what(fmt::format("there is no {}: {}", printable(node), error.message()))
        .hint("ls -l /dev/serial/by-id shows which ports belong to which modem");
  }
  if (auto owner = sysfs.owner_of(real)) {
    return UsbTty{real, owner->first, owner->second};
  }
  return fail(Code::usage)
      .what(fmt::format("{} is no port of a USB device", printable(node)))
      .hint("ls -l /dev/serial/by-id shows the ports of modems on USB");
}

TtyBus::TtyBus(std::unique_ptr<Bus> inner, UsbTty named, AtInterface at_interface, Sysfs sysfs)
    : inner_(std::move(inner)),
      named_(std::move(named)),
      at_interface_(std::move(at_interface)),
      sysfs_(std::move(sysfs)),
      companion_(sysfs_.companion(named_.port)) {}

Result<std::vector<DeviceInfo>> TtyBus::snapshot() {
  TRY_ASSIGN(auto devices, inner_->snapshot());
  std::erase_if(devices, [&](const auto& one) { return one.port != named_.port && one.port != companion_; });
  return devices;
}

Result<std::unique_ptr<Pipe>> TtyBus::open(const DeviceInfo& device, std::uint8_t interface_number) {
  if (device.fingerprint.interfaces.size() <= 1) {
    return inner_->open(device, interface_number);
  }
  auto spoken = spoken_for(device, interface_number);
  auto deadline = Deadline::in(clock(), settle_patience);
  for (;;) {
    auto tty = tty_of(device, spoken);
    if (tty) {
      auto pipe = TtyPipe::open(*tty, clock());
      if (pipe || pipe.error().code != Code::permission || deadline.passed(clock())) {
        return pipe;
      }
    } else if (deadline.passed(clock())) {
      return inner_->open(device, interface_number);
    }
    nap(clock(), deadline, between_looks);
  }
}

Result<std::unique_ptr<Reservation>> TtyBus::reserve(const DeviceInfo& device, Purpose purpose, Events& events) {
  auto node = sysfs_.usbfs_node(device.port);
  if (purpose == Purpose::job && !node.empty() && access(node.c_str(), R_OK | W_OK) != 0) {
    return fail_errno(errno, "EDL is reached over USB itself, and that is closed to us: open " + node)
        .device("port " + device.port)
        .hint(permission_fix());
  }
  return inner_->reserve(device, purpose, events);
}

/// The interface whose tty is taken for it: the one that the person named, if that is an AT port too.
std::uint8_t TtyBus::spoken_for(const DeviceInfo& device, std::uint8_t interface_number) const {
  const auto* asked = interface_of(device.fingerprint, interface_number);
  const auto* named = interface_of(device.fingerprint, named_.interface_number);
  auto is_at = asked != nullptr && at_interface_(device.fingerprint) == interface_number;
  return is_at && named != nullptr && same_shape(*asked, *named) ? named->number : interface_number;
}

std::optional<std::string> TtyBus::tty_of(const DeviceInfo& device, std::uint8_t interface_number) const {
  for (const auto& node : sysfs_.nodes(device.port, interface_number)) {
    if (fs::path(node).filename().string().starts_with("tty")) {
      return node;
    }
  }
  return std::nullopt;
}

}  // namespace modemedic::usb
