#include "usb/libusb_list.h"

#include "usb/libusb_fingerprint.h"
#include "usb/libusb_words.h"
#include "usb/nap.h"

#include <algorithm>
#include <array>
#include <span>

#include <libusb.h>

namespace modemedic::usb {

using namespace std::chrono_literals;

namespace {

/// How often to look where nobody tells of changes.
constexpr Duration between_looks = 10ms;
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

std::string ask_string(const LibusbHandle& handle, std::uint8_t index) {
  std::array<unsigned char, 256> buffer{};
  auto length = index == 0 ? 0 : libusb_get_string_descriptor_ascii(handle.get(), index, buffer.data(), buffer.size());
  return length <= 0 ? "" : std::string(buffer.begin(), buffer.begin() + length);
}

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

void LibusbList::Unref::operator()(libusb_device* device) const {
  libusb_unref_device(device);
}

Result<std::unique_ptr<LibusbList>> LibusbList::start() {
  TRY_ASSIGN(auto loop, LibusbLoop::start(LibusbLoop::Discovery::by_libusb));
  return std::unique_ptr<LibusbList>(new LibusbList(std::move(loop)));
}

Result<Census> LibusbList::look() {
  devices_.clear();
  if (looked_ && !loop_->tells_hotplug()) {
    TRY_ASSIGN(loop_, LibusbLoop::start(LibusbLoop::Discovery::by_libusb));  // the old one lists what there was
  }
  looked_ = true;
  changes_seen_ = loop_->changes();
  ListGuard guard;
  auto count = libusb_get_device_list(loop_->context(), &guard.list);
  if (count < 0) {
    return fail_libusb(static_cast<int>(count), "list the USB devices");
  }
  Census census;
  for (auto* device : std::span(guard.list, static_cast<std::size_t>(count))) {
    DeviceNumber number{libusb_get_bus_number(device), libusb_get_device_address(device)};
    census[number] = port_of(device);
    devices_[number] = Device(libusb_ref_device(device));
  }
  return census;
}

bool LibusbList::wait_change(const Clock& clock, Deadline deadline) {
  if (loop_->tells_hotplug()) {
    return loop_->run_until([this] { return loop_->changes() != changes_seen_; }, clock, deadline);
  }
  nap(clock, deadline, between_looks);
  return !deadline.passed(clock);  // only a look can tell
}

Fingerprint LibusbList::fingerprint(const DeviceNumber& number, const std::string& /*port*/) {
  auto* device = devices_.at(number).get();
  libusb_device_descriptor descriptor{};
  libusb_get_device_descriptor(device, &descriptor);
  auto configuration = configuration_of(device);
  auto fingerprint = fingerprint_of(descriptor, configuration.get());
  fingerprint.speed = speed_of(libusb_get_device_speed(device));
  LibusbHandle handle;
  if (handle.open(device) == LIBUSB_SUCCESS) {
    fingerprint.manufacturer = ask_string(handle, descriptor.iManufacturer);
    fingerprint.product = ask_string(handle, descriptor.iProduct);
    fingerprint.serial = ask_string(handle, descriptor.iSerialNumber);
  }
  return fingerprint;
}

int LibusbList::open(const DeviceNumber& number, LibusbHandle& into) {
  auto device = devices_.find(number);
  return device == devices_.end() ? LIBUSB_ERROR_NO_DEVICE : into.open(device->second.get());
}

}  // namespace modemedic::usb
