#include "usb/libusb_claim.h"

#include "usb/libusb_words.h"
#include "usb/nap.h"
#include "usb/node_holders.h"
#include "usb/sysfs.h"
#include "usb/udev_pace.h"

#include <optional>

#include <fmt/format.h>
#include <libusb.h>

namespace modemedic::usb {

using namespace std::chrono_literals;

namespace {

/// A device that has just come is still being configured: it has no interfaces yet.
constexpr Duration configured_patience = 5s;
/// Then drivers are still taking them, between our detaching one and our claim.
constexpr Duration drivers_patience = 1s;
constexpr Duration between_attempts = 10ms;
/// udevd runs its rules for one event of a device after the other, and programs in between.
constexpr Duration udev_patience = 5s;

std::string usbfs_node(libusb_device* device) {
  return fmt::format("/dev/bus/usb/{:03}/{:03}", libusb_get_bus_number(device), libusb_get_device_address(device));
}

Failure held(const std::string& what) {
  return fail(Code::busy)
      .what(what)
      .hint("close that program (for ModemManager: systemctl stop ModemManager), then try again; nothing was sent");
}

/// A program that has the interface's tty open would be cut off by our taking it: a person decides about that.
Result<void> check_tty(const Sysfs& sysfs, const std::string& port, std::uint8_t interface_number) {
  if (sysfs.surely_unused(port, interface_number)) {
    return {};
  }
  auto holders = holders_of(sysfs.nodes(port, interface_number));
  if (!holders.empty()) {
    return held(fmt::format("interface {} is in use: {}", interface_number, describe(holders)));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LibusbClaim>> LibusbClaim::take(std::shared_ptr<LibusbLoop> loop,
                                                       std::shared_ptr<DriverGuardian> guardian, libusb_device* device,
                                                       const DeviceInfo& info, std::uint8_t interface_number,
                                                       const Clock& clock) {
  std::unique_ptr<LibusbClaim> claim(new LibusbClaim(std::move(loop), std::move(guardian), interface_number));
  TRY(claim->open(device, clock));
  TRY(check_tty(Sysfs(), info.port, interface_number));
  TRY(claim->claim(info, clock));
  return claim;
}

LibusbClaim::LibusbClaim(std::shared_ptr<LibusbLoop> loop, std::shared_ptr<DriverGuardian> guardian,
                         std::uint8_t interface_number)
    : loop_(std::move(loop)), guardian_(std::move(guardian)), interface_number_(interface_number) {}

LibusbClaim::~LibusbClaim() {
  if (handle_ == nullptr) {
    return;
  }
  if (claimed_) {
    libusb_release_interface(handle_, interface_number_);
  }
  if (touched_) {
    give_back();
  }
  libusb_close(handle_);
}

/// Even where no driver was detached: one that came while we had the interface was turned away, and isn't called again.
void LibusbClaim::give_back() {
  libusb_attach_kernel_driver(handle_, interface_number_);
  if (guardian_ != nullptr) {
    guardian_->gave_back(taken_);
  }
}

/// We hear of a device before udevd has given it to anybody.
Result<void> LibusbClaim::open(libusb_device* device, const Clock& clock) {
  auto deadline = Deadline::in(clock, udev_patience);
  auto node = usbfs_node(device);
  for (;;) {
    auto decided = !udev_still_at_work(node);  // before the attempt, so that none is missed
    auto opened = libusb_open(device, &handle_);
    if (opened == LIBUSB_SUCCESS) {
      return {};
    }
    handle_ = nullptr;
    if (opened != LIBUSB_ERROR_ACCESS || decided || deadline.passed(clock)) {
      return fail_libusb(opened, "open " + node);
    }
    nap(clock, deadline, between_attempts);
  }
}

Result<void> LibusbClaim::claim(const DeviceInfo& info, const Clock& clock) {
  auto* device = libusb_get_device(handle_);
  taken_ = {libusb_get_bus_number(device), libusb_get_device_address(device), interface_number_};
  touched_ = true;
  if (guardian_ != nullptr) {
    guardian_->took(taken_);
  }
  auto configured_by = Deadline::in(clock, configured_patience);
  std::optional<Deadline> free_by;
  for (;;) {
    auto result = try_claim();
    if (result == LIBUSB_SUCCESS) {
      claimed_ = true;
      return {};
    }
    if (result != LIBUSB_ERROR_BUSY && result != LIBUSB_ERROR_NOT_FOUND) {
      return fail_libusb(result, fmt::format("claim interface {}", interface_number_));
    }
    auto given_up = configured_by.passed(clock);
    if (result == LIBUSB_ERROR_BUSY) {
      auto holders = holders_of({usbfs_node(device)});
      if (!holders.empty()) {
        return held(fmt::format("interface {} is in use: {}", interface_number_, describe(holders)));
      }
      free_by = free_by.value_or(Deadline::in(clock, drivers_patience));
      given_up = free_by->passed(clock);
    }
    if (given_up) {
      auto driver = Sysfs().driver(info.port, interface_number_);
      return fail_libusb(result, fmt::format("claim interface {}{}", interface_number_,
                                             driver.empty() ? "" : " (the kernel driver " + driver + " holds it)"));
    }
    loop_->run_until([] { return false; }, clock, Deadline::in(clock, between_attempts));
  }
}

int LibusbClaim::try_claim() {
  // A system without kernel drivers to detach answers NOT_SUPPORTED: it is then the claim that decides.
  if (libusb_kernel_driver_active(handle_, interface_number_) == 1) {
    auto result = libusb_detach_kernel_driver(handle_, interface_number_);
    if (result != LIBUSB_SUCCESS && result != LIBUSB_ERROR_NOT_FOUND && result != LIBUSB_ERROR_NOT_SUPPORTED) {
      return result;
    }
  }
  return libusb_claim_interface(handle_, interface_number_);
}

}  // namespace modemedic::usb
