#include "usb/sysfs_list.h"

#include "usb/descriptors.h"

#include <algorithm>

namespace modemedic::usb {

using namespace std::chrono_literals;

namespace {

/// How often to look even though the kernel said nothing: it doesn't tell everybody.
constexpr Duration between_looks = 100ms;

}  // namespace

Result<std::unique_ptr<SysfsList>> SysfsList::start(Sysfs sysfs) {
  TRY_ASSIGN(auto loop, LibusbLoop::start(LibusbLoop::Discovery::none));
  return std::unique_ptr<SysfsList>(new SysfsList(std::move(sysfs), std::move(loop)));
}

Result<Census> SysfsList::look() {
  seen_ = sysfs_.census();
  return seen_;
}

bool SysfsList::wait_change(const Clock& clock, Deadline deadline) {
  while (sysfs_.census() == seen_) {
    if (deadline.passed(clock)) {
      return false;
    }
    events_.wait(clock, {std::min(deadline.at, Deadline::in(clock, between_looks).at)});
  }
  return true;
}

/// All of it from the kernel's copy, read when the device came: asking the device itself needs permission, and is one
/// more transfer with a boot ROM.
Fingerprint SysfsList::fingerprint(const DeviceNumber& /*number*/, const std::string& port) {
  auto descriptors = sysfs_.descriptors(port);
  auto device = parse_device(descriptors).value_or(DeviceDescriptor{});
  Fingerprint fingerprint;
  fingerprint.vid = device.vid;
  fingerprint.pid = device.pid;
  fingerprint.bcd_device = device.bcd_device;
  fingerprint.manufacturer = sysfs_.text(port, "manufacturer");
  fingerprint.product = sysfs_.text(port, "product");
  fingerprint.serial = sysfs_.text(port, "serial");
  fingerprint.interfaces = parse_interfaces(find_configuration(descriptors, sysfs_.configuration(port)));
  fingerprint.speed = sysfs_.speed(port);
  return fingerprint;
}

int SysfsList::open(const DeviceNumber& number, LibusbHandle& into) {
  return into.open(loop_->context(), sysfs_.usbfs_node(number));
}

}  // namespace modemedic::usb
