#include "virtual/in_process_bus.h"

#include "virtual/in_process_pipe.h"

#include <algorithm>

#include <fmt/core.h>

namespace modemedic::twin {

InProcessBus::InProcessBus(SimulatedClock& clock, Timers& timers) : clock_(clock), timers_(timers) {}

InProcessBus::~InProcessBus() = default;

void InProcessBus::plug(Pluggable& modem, std::string port, std::string companion) {
  ports_.push_back({&modem, std::move(port), std::move(companion), plugged_++});
}

void InProcessBus::replug(Pluggable& modem, std::string port, std::string companion) {
  std::erase_if(ports_, [&](const Port& one) { return one.modem == &modem; });
  plug(modem, std::move(port), std::move(companion));
}

std::string InProcessBus::Port::path() const {
  const auto* function = modem->function();
  auto super = function != nullptr && function->fingerprint().speed == usb::Speed::super;
  return super && !usb3.empty() ? usb3 : usb2;
}

Result<std::vector<usb::DeviceInfo>> InProcessBus::snapshot() {
  std::vector<usb::DeviceInfo> devices;
  for (auto& port : ports_) {
    port.seen = port.enumeration();
    if (const auto* function = port.modem->function(); function != nullptr) {
      devices.push_back({port.path(), port.seen, function->fingerprint(), port.companion()});
    }
  }
  std::ranges::sort(devices, {}, &usb::DeviceInfo::port);
  return devices;
}

Result<bool> InProcessBus::wait_change(Deadline deadline) {
  return run_until(
      [this] { return std::ranges::any_of(ports_, [](const Port& port) { return port.enumeration() != port.seen; }); },
      deadline);
}

Result<std::unique_ptr<usb::Pipe>> InProcessBus::open(const usb::DeviceInfo& device, std::uint8_t interface_number) {
  auto port = std::ranges::find_if(ports_, [&](const Port& one) {
    return one.enumeration() != 0 && one.enumeration() == device.enumeration && one.path() == device.port;
  });
  if (port == ports_.end()) {
    return fail(Code::modem_lost).what("the modem has left the bus since it was seen").device("port " + device.port);
  }
  const auto& interfaces = port->modem->function()->fingerprint().interfaces;
  auto interface = std::ranges::find(interfaces, interface_number, &usb::InterfaceInfo::number);
  auto endpoints = interface != interfaces.end() ? usb::bulk_pair(*interface) : std::nullopt;
  if (!endpoints) {
    return fail(Code::bug)
        .what(fmt::format("interface {} has no pair of bulk endpoints", interface_number))
        .device("port " + device.port);
  }
  Opened opened{port->modem, port->modem->enumeration(), interface_number};
  if (std::ranges::find(opened_, opened) != opened_.end()) {
    return fail(Code::busy).what(fmt::format("interface {} is open", interface_number)).device("port " + device.port);
  }
  opened_.push_back(opened);
  return std::make_unique<InProcessPipe>(*this, *port->modem, opened, *endpoints, device.port);
}

bool InProcessBus::run_until(const std::function<bool()>& ready, Deadline deadline) {
  for (;;) {
    if (ready()) {
      return true;
    }
    timers_.run_due();
    if (ready()) {
      return true;
    }
    if (deadline.passed(clock_)) {
      return false;
    }
    auto next = timers_.next();
    clock_.advance_to(next ? std::min(*next, deadline.at) : deadline.at);
  }
}

}  // namespace modemedic::twin
