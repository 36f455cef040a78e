#include "operation/follow_port.h"

#include "base/bytes.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::operation {

Result<std::optional<usb::DeviceInfo>> device_on(usb::Bus& bus, const std::string& port) {
  TRY_ASSIGN(auto devices, bus.snapshot());
  auto device = std::find_if(devices.begin(), devices.end(), [&](const auto& d) { return d.port == port; });
  return device == devices.end() ? std::nullopt : std::optional(std::move(*device));
}

Result<std::optional<usb::DeviceInfo>> wait_for_next(usb::Bus& bus, const std::string& port, std::uint64_t gone,
                                                     Duration settle, Deadline deadline) {
  std::optional<usb::DeviceInfo> seen;
  auto settled = deadline.at;
  for (;;) {
    TRY_ASSIGN(auto now, device_on(bus, port));
    if (now && now->enumeration == gone) {
      now.reset();
    }
    if (now && (!seen || seen->enumeration != now->enumeration)) {
      settled = Deadline::in(bus.clock(), settle).at;
    }
    seen = std::move(now);
    auto until = seen ? std::min(settled, deadline.at) : deadline.at;
    if (bus.clock().now() >= until) {
      return seen;
    }
    TRY(bus.wait_change({until}));
  }
}

std::string describe(const usb::Fingerprint& fingerprint) {
  return fmt::format("{:04x}:{:04x} {}", fingerprint.vid, fingerprint.pid, printable(fingerprint.product, 60));
}

void emit_modem(Events& events, const usb::DeviceInfo& device, const knowledge::Sighting& sighting) {
  events.emit(event::Modem{device.port, std::string(knowledge::name(sighting.state)), describe(device.fingerprint)});
}

}  // namespace modemedic::operation
