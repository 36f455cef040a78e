#include "usb/usbip_bus.h"

#include "usb/nap.h"
#include "usb/port_lock.h"
#include "usb/usbip_pipe.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::usb {

using namespace std::chrono_literals;
namespace usbip = protocol::usbip;

namespace {

constexpr Duration request_patience = 5s;
constexpr Duration describe_patience = 2s;
/// A server that just got a device back may need a moment before it hands it out again.
constexpr Duration import_patience = 1s;
/// A network may be away for so long while we wait for a modem.
constexpr Duration server_patience = 2s;

/// USB/IP has no word for "a device has come": asking again is the only way. Often at first, when a modem that was told
/// to switch is expected; less often later. One connection and some hundred bytes each.
constexpr Duration first_nap = 20ms;
constexpr Duration longest_nap = 100ms;

bool same_enumeration(const usbip::Device& a, const usbip::Device& b) {
  return a.busnum == b.busnum && a.devnum == b.devnum && a.vid == b.vid && a.pid == b.pid &&
         a.bcd_device == b.bcd_device;
}

Failure left_the_port(const DeviceInfo& device) {
  return fail(Code::modem_lost)
      .what(fmt::format("the modem is not on port {} any more", printable(device.port)))
      .device("port " + printable(device.port))
      .hint("wait until it is back, and start anew");
}

}  // namespace

Result<std::unique_ptr<UsbIpBus>> UsbIpBus::connect(const std::string& host, std::uint16_t port, const Clock& clock) {
  std::unique_ptr<UsbIpBus> bus(new UsbIpBus({.host = host, .port = port}, clock));
  TRY_ASSIGN(auto devices, list_devices(bus->server_, clock, Deadline::in(clock, request_patience)));
  bus->merge(devices);
  return bus;
}

/// Asks the server what it has. From here on a server that doesn't answer has taken its modems with it.
Result<void> UsbIpBus::look(Deadline deadline) {
  auto devices = list_devices(server_, clock_, deadline);
  if (!devices) {
    auto cause = std::move(devices.error());
    if (cause.code == Code::device_protocol) {
      return fail(std::move(cause));
    }
    return fail(Code::modem_lost)
        .what(fmt::format("the USB/IP server {}:{} is gone", printable(server_.host), server_.port))
        .hint("start it again; what the modem was doing may have been cut: run doctor then")
        .cause(std::move(cause));
  }
  merge(*devices);
  return {};
}

void UsbIpBus::merge(const std::vector<usbip::Device>& devices) {
  auto listed = [&](const std::string& busid) {
    return std::find_if(devices.begin(), devices.end(), [&](const auto& device) { return device.busid == busid; });
  };
  for (auto known = known_.begin(); known != known_.end();) {
    auto found = listed(known->first);
    auto there = found == devices.end() ? holds_->alive(known->first) : same_enumeration(*found, known->second.device);
    if (there) {
      ++known;
    } else {
      known = known_.erase(known);
      ++changes_;
    }
  }
  for (const auto& device : devices) {
    auto [known, added] = known_.try_emplace(device.busid);
    if (added) {
      ++changes_;
      known->second.device = device;
      known->second.info = {.port = device.busid, .enumeration = ++enumerations_, .fingerprint = outline(device)};
    }
  }
}

/// One that can't be asked now stays as DEVLIST has it, and is asked again by the next snapshot.
void UsbIpBus::describe(Known& known) {
  if (holds_->held(known.device.busid)) {
    return;
  }
  auto imported = import(known);
  if (!imported) {
    return;
  }
  auto deadline = Deadline::in(clock_, describe_patience);
  auto shape = describe_device(*imported, clock_, deadline);
  imported->socket.say_goodbye(clock_, deadline);
  if (shape) {
    known.info.fingerprint = std::move(*shape);
    known.described = true;
  }
}

/// @return Code::modem_lost when another device is there by now
Result<Imported> UsbIpBus::import(const Known& known) {
  auto patience = Deadline::in(clock_, import_patience);
  for (;;) {
    auto imported = import_device(server_, known.device.busid, clock_, Deadline::in(clock_, request_patience));
    if (imported && !same_enumeration(imported->device, known.device)) {
      return left_the_port(known.info);
    }
    if (imported || imported.error().code != Code::busy || patience.passed(clock_)) {
      return imported;
    }
    nap(clock_, patience, first_nap);
  }
}

Result<std::vector<DeviceInfo>> UsbIpBus::snapshot() {
  TRY(look(Deadline::in(clock_, request_patience)));
  std::vector<DeviceInfo> devices;
  for (auto& [busid, known] : known_) {
    if (!known.described) {
      describe(known);
    }
    devices.push_back(known.info);
  }
  changes_seen_ = changes_;
  return devices;
}

Result<bool> UsbIpBus::wait_change(Deadline deadline) {
  auto length = first_nap;
  std::optional<Deadline> give_up;
  for (;;) {
    auto looked = look(Deadline::in(clock_, request_patience));
    if (looked) {
      give_up.reset();
    } else if (!give_up) {
      give_up = Deadline::in(clock_, server_patience);
    } else if (give_up->passed(clock_)) {
      return fail(std::move(looked.error()));
    }
    if (changes_ != changes_seen_) {
      return true;
    }
    if (deadline.passed(clock_)) {
      return false;
    }
    nap(clock_, deadline, length);
    length = std::min(longest_nap, length * 3 / 2);
  }
}

Result<std::unique_ptr<Reservation>> UsbIpBus::reserve(const DeviceInfo& device, Purpose purpose, Events& /*events*/) {
  // The address that answers, not the name: a server may be called by several.
  TRY_ASSIGN(auto socket, Socket::connect(server_.host, server_.port, clock_, Deadline::in(clock_, request_patience)));
  return PortLock::take(fmt::format("usbip-{}-{}", socket.peer(), server_.port), device, purpose, clock_);
}

Result<std::unique_ptr<Pipe>> UsbIpBus::open(const DeviceInfo& device, std::uint8_t interface_number) {
  auto known = known_.find(device.port);
  if (known == known_.end() || known->second.info.enumeration != device.enumeration) {
    return left_the_port(device);
  }
  if (holds_->held(device.port)) {
    return fail(Code::busy)
        .what("an interface of this modem is open already")
        .device("port " + printable(device.port))
        .hint("over USB/IP a modem has one user at a time");
  }
  TRY_ASSIGN(auto imported, import(known->second));
  if (!known->second.described) {
    TRY_ASSIGN(known->second.info.fingerprint,
               describe_device(imported, clock_, Deadline::in(clock_, describe_patience)));
    known->second.described = true;
  }
  const auto& interfaces = known->second.info.fingerprint.interfaces;
  auto interface = std::find_if(interfaces.begin(), interfaces.end(),
                                [&](const InterfaceInfo& one) { return one.number == interface_number; });
  auto endpoints = interface == interfaces.end() ? std::nullopt : bulk_pair(*interface);
  if (!endpoints) {
    imported.socket.say_goodbye(clock_, Deadline::in(clock_, describe_patience));
    return fail(Code::device_protocol)
        .what(fmt::format("interface {} of the modem has no pair of bulk endpoints", interface_number))
        .device("port " + printable(device.port));
  }
  return UsbIpPipe::open(std::move(imported), *endpoints, clock_, holds_, device.port);
}

Result<Branch> UsbIpBus::branch(const DeviceInfo& device) {
  auto known = known_.find(device.port);
  if (known == known_.end() || known->second.info.enumeration != device.enumeration) {
    return left_the_port(device);
  }
  std::unique_ptr<UsbIpBus> bus(new UsbIpBus(server_, clock_));
  bus->known_.emplace(*known);
  return Branch{std::move(bus), known->second.info};
}

}  // namespace modemedic::usb
