#include "usb/libusb_bus.h"

#include "usb/libusb_claim.h"
#include "usb/libusb_fingerprint.h"
#include "usb/libusb_pipe.h"
#include "usb/libusb_words.h"
#include "usb/nap.h"
#include "usb/port_lock.h"
#include "usb/quiet_modem_manager.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <libusb.h>

namespace modemedic::usb {

using namespace std::chrono_literals;

namespace {

/// How often to look even though the kernel said nothing: it doesn't tell everybody.
constexpr Duration between_looks = 100ms;
/// How often where there is nothing to look at but the whole bus.
constexpr Duration between_snapshots = 10ms;
/// libusb can read a device only some moments after it is there; one that it can't read at all is then given up.
constexpr Duration unlisted_patience = 5s;
/// A path may be seven ports long (USB 3.2, 10.2).
constexpr std::size_t longest_path = 7;

std::string port_of(libusb_device* device) {
  std::array<std::uint8_t, longest_path> ports{};
  auto count = libusb_get_port_numbers(device, ports.data(), ports.size());
  return port_path(libusb_get_bus_number(device), std::span(ports).first(static_cast<std::size_t>(std::max(count, 0))));
}

using Configuration = std::unique_ptr<libusb_config_descriptor, decltype(&libusb_free_config_descriptor)>;

Configuration configuration_of(libusb_device* device) {
  libusb_config_descriptor* found = nullptr;
  // One that has just come is not configured yet: what it will be is in its first configuration.
  if (libusb_get_active_config_descriptor(device, &found) != LIBUSB_SUCCESS &&
      libusb_get_config_descriptor(device, 0, &found) != LIBUSB_SUCCESS) {
    found = nullptr;
  }
  return {found, &libusb_free_config_descriptor};
}

std::string ask_string(libusb_device_handle* handle, std::uint8_t index) {
  std::array<unsigned char, 256> buffer{};
  auto length = index == 0 ? 0 : libusb_get_string_descriptor_ascii(handle, index, buffer.data(), buffer.size());
  return length <= 0 ? "" : std::string(buffer.begin(), buffer.begin() + length);
}

class UsbReservation final : public Reservation {
public:
  UsbReservation(std::unique_ptr<Reservation> lock, std::unique_ptr<dbus::Inhibition> inhibition)
      : lock_(std::move(lock)), inhibition_(std::move(inhibition)) {}

private:
  std::unique_ptr<Reservation> lock_;
  std::unique_ptr<dbus::Inhibition> inhibition_;  ///< ends while nobody else can begin
};

struct ListGuard {
  libusb_device** list = nullptr;

  ListGuard() = default;
  ListGuard(const ListGuard&) = delete;
  ListGuard& operator=(const ListGuard&) = delete;

  ~ListGuard() {
    if (list != nullptr) {
      libusb_free_device_list(list, 1);
    }
  }
};

}  // namespace

void LibusbBus::Unref::operator()(libusb_device* device) const {
  libusb_unref_device(device);
}

Result<std::unique_ptr<LibusbBus>> LibusbBus::start(const Clock& clock, Sysfs sysfs) {
  TRY_ASSIGN(auto loop, LibusbLoop::start());
  return std::unique_ptr<LibusbBus>(new LibusbBus(std::move(loop), clock, std::move(sysfs)));
}

LibusbBus::LibusbBus(std::shared_ptr<LibusbLoop> loop, const Clock& clock, Sysfs sysfs)
    : clock_(clock), sysfs_(std::move(sysfs)), loop_(std::move(loop)) {}

LibusbBus::~LibusbBus() = default;

Result<std::vector<DeviceInfo>> LibusbBus::snapshot() {
  auto census = sysfs_.census();  // before anything is listed: what comes in between is a change
  auto previous_loop = loop_;     // outlives the devices seen in it
  auto outdated = census.empty() ? !loop_->tells_hotplug() : !census_seen_.empty() && census != census_seen_;
  if (census != census_seen_) {
    unlisted_until_ = Deadline::in(clock_, unlisted_patience);
  }
  // On Linux libusb lists what udevd has told it, or what was there when its context began: a new one knows.
  if (outdated || awaits_more_) {
    TRY_ASSIGN(loop_, LibusbLoop::start());
  }
  census_seen_ = std::move(census);
  changes_seen_ = loop_->changes();
  TRY_ASSIGN(devices_, look());
  auto listed = [this](const auto& number) { return devices_.contains(number); };
  awaits_more_ = !std::ranges::all_of(census_seen_, listed) && !unlisted_until_.passed(clock_);
  std::vector<DeviceInfo> infos;
  for (const auto& [number, seen] : devices_) {
    infos.push_back(seen.info);
  }
  std::ranges::sort(infos, {}, &DeviceInfo::port);
  return infos;
}

Result<LibusbBus::Devices> LibusbBus::look() {
  ListGuard guard;
  auto count = libusb_get_device_list(loop_->context(), &guard.list);
  if (count < 0) {
    return fail_libusb(static_cast<int>(count), "list the USB devices");
  }
  Devices devices;
  std::vector<Devices::key_type> fresh;
  for (auto* device : std::span(guard.list, static_cast<std::size_t>(count))) {
    auto port = port_of(device);
    std::pair number{libusb_get_bus_number(device), libusb_get_device_address(device)};
    if (!census_seen_.empty() && !census_seen_.contains(number)) {
      continue;  // it has left, and nobody has told libusb yet; or it has just come, which is a change of its own
    }
    auto known = devices_.find(number);
    Seen seen{Device(libusb_ref_device(device)), {}};
    if (known != devices_.end() && known->second.info.port == port) {
      seen.info = known->second.info;
    } else {
      seen.info = {port, ++enumerations_, read_fingerprint(device, port), sysfs_.companion(port)};
      fresh.push_back(number);
    }
    devices.emplace(number, std::move(seen));
  }
  for (const auto& number : fresh) {
    forget_taken_companion(devices, devices.at(number).info);
  }
  return devices;
}

/// Where something else is already at first sight, this one can't come.
void LibusbBus::forget_taken_companion(const Devices& devices, DeviceInfo& info) {
  auto taken =
      std::ranges::any_of(devices, [&](const auto& entry) { return entry.second.info.port == info.companion; });
  if (taken) {
    info.companion.clear();
  }
}

Fingerprint LibusbBus::read_fingerprint(libusb_device* device, const std::string& port) {
  libusb_device_descriptor descriptor{};
  libusb_get_device_descriptor(device, &descriptor);
  auto configuration = configuration_of(device);
  auto fingerprint = fingerprint_of(descriptor, configuration.get());
  fingerprint.speed = speed_of(libusb_get_device_speed(device));
  // The kernel's copy first: asking the device itself needs permission, and one more transfer with a boot ROM.
  fingerprint.manufacturer = sysfs_.text(port, "manufacturer");
  fingerprint.product = sysfs_.text(port, "product");
  fingerprint.serial = sysfs_.text(port, "serial");
  auto nothing = fingerprint.manufacturer.empty() && fingerprint.product.empty() && fingerprint.serial.empty();
  libusb_device_handle* handle = nullptr;
  if (nothing && census_seen_.empty() && libusb_open(device, &handle) == LIBUSB_SUCCESS) {
    fingerprint.manufacturer = ask_string(handle, descriptor.iManufacturer);
    fingerprint.product = ask_string(handle, descriptor.iProduct);
    fingerprint.serial = ask_string(handle, descriptor.iSerialNumber);
    libusb_close(handle);
  }
  return fingerprint;
}

Result<bool> LibusbBus::wait_change(Deadline deadline) {
  if (census_seen_.empty() && loop_->tells_hotplug()) {
    return loop_->run_until([this] { return loop_->changes() != changes_seen_; }, clock_, deadline);
  }
  if (census_seen_.empty() || awaits_more_) {
    nap(clock_, deadline, between_snapshots);
    return !deadline.passed(clock_);  // only a snapshot can tell
  }
  while (sysfs_.census() == census_seen_) {
    if (deadline.passed(clock_)) {
      return false;
    }
    kernel_events_.wait(clock_, {std::min(deadline.at, Deadline::in(clock_, between_looks).at)});
  }
  return true;
}

Result<std::unique_ptr<Reservation>> LibusbBus::reserve(const DeviceInfo& device, Purpose purpose, Events& events) {
  TRY_ASSIGN(auto lock, PortLock::take("usb", device, purpose, clock_));
  if (purpose == Purpose::question) {
    TRY(respect_modem_manager(device, sysfs_));
    return lock;
  }
  return std::make_unique<UsbReservation>(std::move(lock), quiet_modem_manager(device, sysfs_, clock_, events));
}

Result<std::unique_ptr<Pipe>> LibusbBus::open(const DeviceInfo& device, std::uint8_t interface_number) {
  auto seen = std::ranges::find_if(devices_, [&](const auto& entry) {
    return entry.second.info.port == device.port && entry.second.info.enumeration == device.enumeration;
  });
  if (seen == devices_.end()) {
    return fail(Code::modem_lost)
        .what("the device has left the bus since it was seen")
        .device("port " + device.port)
        .hint("look with modemedic list in what state it is now");
  }
  const auto& info = seen->second.info;
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
  auto claim = LibusbClaim::take(loop_, guardian_, seen->second.device.get(), info, interface_number, clock_);
  if (!claim) {
    claim.error().device = "port " + device.port;
    return fail(std::move(claim.error()));
  }
  return LibusbPipe::open(std::move(*claim), *pair, clock_);
}

/// libusb gives a device the same number in each of its contexts.
Result<Branch> LibusbBus::branch(const DeviceInfo& device) {
  auto here = std::ranges::find_if(devices_, [&](const auto& entry) {
    return entry.second.info.port == device.port && entry.second.info.enumeration == device.enumeration;
  });
  TRY_ASSIGN(auto bus, start(clock_, sysfs_));
  TRY(bus->snapshot());
  auto there = here == devices_.end() ? bus->devices_.end() : bus->devices_.find(here->first);
  if (there == bus->devices_.end()) {
    return fail(Code::modem_lost)
        .what("the device has left the bus since it was seen")
        .device("port " + device.port)
        .hint("look with modemedic list in what state it is now");
  }
  auto info = there->second.info;
  return Branch{std::move(bus), std::move(info)};
}

}  // namespace modemedic::usb
