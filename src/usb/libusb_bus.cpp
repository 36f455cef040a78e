#include "usb/libusb_bus.h"

#include "usb/libusb_claim.h"
#include "usb/libusb_list.h"
#include "usb/libusb_pipe.h"
#include "usb/port_lock.h"
#include "usb/quiet_modem_manager.h"
#include "usb/sysfs_list.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::usb {

namespace {

class UsbReservation final : public Reservation {
public:
  UsbReservation(std::unique_ptr<Reservation> lock, std::unique_ptr<dbus::Inhibition> inhibition)
      : lock_(std::move(lock)), inhibition_(std::move(inhibition)) {}

private:
  std::unique_ptr<Reservation> lock_;
  std::unique_ptr<dbus::Inhibition> inhibition_;  ///< ends while nobody else can begin
};

Failure gone(const DeviceInfo& device) {
  return fail(Code::modem_lost)
      .what("the device has left the bus since it was seen")
      .device("port " + device.port)
      .hint("look with modemedic list in what state it is now");
}

Result<std::unique_ptr<DeviceList>> start_list(const Sysfs& sysfs) {
  if (sysfs.is_shown()) {
    return SysfsList::start(sysfs);
  }
  return LibusbList::start();
}

}  // namespace

Result<std::unique_ptr<LibusbBus>> LibusbBus::start(const Clock& clock, Sysfs sysfs) {
  TRY_ASSIGN(auto list, start_list(sysfs));
  return std::unique_ptr<LibusbBus>(new LibusbBus(std::move(list), clock, std::move(sysfs)));
}

LibusbBus::LibusbBus(std::unique_ptr<DeviceList> list, const Clock& clock, Sysfs sysfs)
    : clock_(clock), sysfs_(std::move(sysfs)), list_(std::move(list)) {}

LibusbBus::~LibusbBus() = default;

Result<std::vector<DeviceInfo>> LibusbBus::snapshot() {
  TRY_ASSIGN(auto census, list_->look());
  auto before = std::exchange(devices_, {});
  std::vector<DeviceNumber> fresh;
  for (const auto& [number, port] : census) {
    auto known = before.find(number);
    if (known != before.end() && known->second.port == port) {
      devices_.insert(before.extract(known));
    } else {
      devices_[number] = {port, ++enumerations_, list_->fingerprint(number, port), sysfs_.companion(port)};
      fresh.push_back(number);
    }
  }
  for (const auto& number : fresh) {
    forget_taken_companion(devices_.at(number));
  }
  std::vector<DeviceInfo> infos;
  for (const auto& [number, info] : devices_) {
    infos.push_back(info);
  }
  std::ranges::sort(infos, {}, &DeviceInfo::port);
  return infos;
}

/// Where something else is already at first sight, this one can't come.
void LibusbBus::forget_taken_companion(DeviceInfo& info) const {
  auto taken = std::ranges::any_of(devices_, [&](const auto& entry) { return entry.second.port == info.companion; });
  if (taken) {
    info.companion.clear();
  }
}

Result<bool> LibusbBus::wait_change(Deadline deadline) {
  return list_->wait_change(clock_, deadline);
}

Result<std::unique_ptr<Reservation>> LibusbBus::reserve(const DeviceInfo& device, Purpose purpose, Events& events) {
  TRY_ASSIGN(auto lock, PortLock::take("usb", device, purpose, clock_));
  if (purpose == Purpose::question) {
    TRY(respect_modem_manager(device, sysfs_));
    return lock;
  }
  return std::make_unique<UsbReservation>(std::move(lock), quiet_modem_manager(device, sysfs_, clock_, events));
}

Result<DeviceNumber> LibusbBus::number_of(const DeviceInfo& device) const {
  auto seen = std::ranges::find_if(devices_, [&](const auto& entry) { return same_device(entry.second, device); });
  if (seen == devices_.end()) {
    return gone(device);
  }
  return seen->first;
}

Result<std::unique_ptr<Pipe>> LibusbBus::open(const DeviceInfo& device, std::uint8_t interface_number) {
  TRY_ASSIGN(auto number, number_of(device));
  const auto& info = devices_.at(number);
  auto interface = std::ranges::find(info.fingerprint.interfaces, interface_number, &InterfaceInfo::number);
  auto pair = interface == info.fingerprint.interfaces.end() ? std::nullopt : bulk_pair(*interface);
  if (!pair || pair->in.max_packet == 0 || pair->out.max_packet == 0) {
    return fail(Code::device_protocol)
        .what(fmt::format("interface {} has no pair of bulk endpoints", interface_number))
        .device("port " + device.port)
        .hint("take the modem's power away and give it back, then look again with modemedic list");
  }
  if (guardian_ == nullptr) {
    guardian_ = DriverGuardian::start();
  }
  auto claim = LibusbClaim::take(*list_, guardian_, sysfs_, number, info, interface_number, clock_);
  if (!claim) {
    claim.error().device = "port " + device.port;
    return fail(std::move(claim.error()));
  }
  return LibusbPipe::open(std::move(*claim), *pair, clock_);
}

/// A device has the same number on each bus that looks at this machine's USB.
Result<Branch> LibusbBus::branch(const DeviceInfo& device) {
  TRY_ASSIGN(auto number, number_of(device));
  TRY_ASSIGN(auto bus, start(clock_, sysfs_));
  TRY(bus->snapshot());
  auto there = bus->devices_.find(number);
  if (there == bus->devices_.end()) {
    return gone(device);
  }
  auto info = there->second;
  return Branch{std::move(bus), std::move(info)};
}

}  // namespace modemedic::usb
