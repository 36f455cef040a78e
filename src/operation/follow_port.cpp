#include "operation/follow_port.h"

#include "base/bytes.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::operation {

namespace {

const usb::DeviceInfo* on_port(const std::vector<usb::DeviceInfo>& devices, const std::string& port) {
  auto found = std::ranges::find(devices, port, &usb::DeviceInfo::port);
  return port.empty() || found == devices.end() ? nullptr : &*found;
}

}  // namespace

Result<std::optional<usb::DeviceInfo>> device_after(usb::Bus& bus, const usb::DeviceInfo& last) {
  TRY_ASSIGN(auto devices, bus.snapshot());
  const auto* same = on_port(devices, last.port);
  const auto* other = on_port(devices, last.companion);
  if (same != nullptr && usb::same_device(*same, last)) {
    return *same;  // what is on the companion already may be the modem, but it has not left here yet
  }
  if (same != nullptr && other != nullptr) {
    return fail(Code::several_modems)
        .what(fmt::format("where the modem was there are two devices now: {} on port {}, {} on port {}",
                          describe(same->fingerprint), same->port, describe(other->fingerprint), other->port))
        .hint("unplug what is not the modem, and look with modemedic list in what state it is");
  }
  auto found = same != nullptr ? same : other;
  if (found == nullptr) {
    return std::nullopt;
  }
  auto next = *found;
  next.companion = found == other ? last.port : last.companion;  // it changes over here again, whatever it saw there
  return next;
}

Result<std::optional<usb::DeviceInfo>> wait_for_next(usb::Bus& bus, const usb::DeviceInfo& gone, Duration settle,
                                                     Deadline deadline) {
  std::optional<usb::DeviceInfo> seen;
  auto settled = deadline.at;
  for (;;) {
    TRY_ASSIGN(auto now, device_after(bus, gone));
    if (now && usb::same_device(*now, gone)) {
      now.reset();
    }
    if (now && (!seen || !usb::same_device(*seen, *now))) {
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
