#include "usb/libusb_claim.h"

#include "usb/libusb_words.h"
#include "usb/nap.h"
#include "usb/node_holders.h"
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
/// devtmpfs makes a node with its device; where there is none, a program does that.
constexpr Duration node_patience = 1s;
/// udevd runs its rules for one event of a device after the other, and programs in between.
constexpr Duration udev_patience = 5s;

Failure held(const std::string& what) {
  return fail(Code::busy)
      .what(what)
      .hint("close that program (for ModemManager: systemctl stop ModemManager), then try again; nothing was sent");
}

Failure no_node(const std::string& node) {
  return fail(Code::permission)
      .what("cannot open " + node + ": the device is there, but not its node")
      .hint("in a container: give it /dev/bus/usb as a whole, since a modem gets a new node with each mode");
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

Result<std::unique_ptr<LibusbClaim>> LibusbClaim::take(DeviceList& list, std::shared_ptr<DriverGuardian> guardian,
                                                       const Sysfs& sysfs, const DeviceNumber& number,
                                                       const DeviceInfo& info, std::uint8_t interface_number,
                                                       const Clock& clock) {
  TakenInterface taken{number.first, number.second, interface_number};
  std::unique_ptr<LibusbClaim> claim(new LibusbClaim(list.loop(), std::move(guardian), sysfs, taken));
  TRY(claim->open(list, info, clock));
  TRY(check_tty(sysfs, info.port, interface_number));
  TRY(claim->claim(info, clock));
  return claim;
}

LibusbClaim::LibusbClaim(std::shared_ptr<LibusbLoop> loop, std::shared_ptr<DriverGuardian> guardian, Sysfs sysfs,
                         const TakenInterface& taken)
    : loop_(std::move(loop)), guardian_(std::move(guardian)), sysfs_(std::move(sysfs)), taken_(taken) {}

LibusbClaim::~LibusbClaim() {
  if (claimed_) {
    libusb_release_interface(handle(), taken_.interface_number);
  }
  if (touched_) {
    give_back();
  }
}

/// Even where no driver was detached: one that came while we had the interface was turned away, and isn't called again.
void LibusbClaim::give_back() {
  libusb_attach_kernel_driver(handle(), taken_.interface_number);
  if (guardian_ != nullptr) {
    guardian_->gave_back(taken_);
  }
}

/// We hear of a device before its node is made, and before udevd has given it to anybody.
Result<void> LibusbClaim::open(DeviceList& list, const DeviceInfo& info, const Clock& clock) {
  auto made_by = Deadline::in(clock, node_patience);
  auto given_by = Deadline::in(clock, udev_patience);
  auto node = sysfs_.usbfs_node(number());
  for (;;) {
    auto decided = !udev_still_at_work(node);  // before the attempt, so that none is missed
    auto opened = list.open(number(), handle_);
    if (opened == LIBUSB_SUCCESS) {
      return {};
    }
    if (opened == LIBUSB_ERROR_NOT_FOUND && sysfs_.usbfs_node(info.port) != node) {
      opened = LIBUSB_ERROR_NO_DEVICE;  // it left with its node
    }
    if (opened == LIBUSB_ERROR_NOT_FOUND && made_by.passed(clock)) {
      return no_node(node);
    }
    auto refused = opened == LIBUSB_ERROR_ACCESS && (decided || given_by.passed(clock));
    if (refused || (opened != LIBUSB_ERROR_ACCESS && opened != LIBUSB_ERROR_NOT_FOUND)) {
      return fail_libusb(opened, "open " + node);
    }
    nap(clock, given_by, between_attempts);
  }
}

Result<void> LibusbClaim::claim(const DeviceInfo& info, const Clock& clock) {
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
      return fail_libusb(result, fmt::format("claim interface {}", taken_.interface_number));
    }
    auto given_up = configured_by.passed(clock);
    if (result == LIBUSB_ERROR_BUSY) {
      auto holders = holders_of({sysfs_.usbfs_node(number())});
      if (!holders.empty()) {
        return held(fmt::format("interface {} is in use: {}", taken_.interface_number, describe(holders)));
      }
      free_by = free_by.value_or(Deadline::in(clock, drivers_patience));
      given_up = free_by->passed(clock);
    }
    if (given_up) {
      auto driver = sysfs_.driver(info.port, taken_.interface_number);
      return fail_libusb(result, fmt::format("claim interface {}{}", taken_.interface_number,
                                             driver.empty() ? "" : " (the kernel driver " + driver + " holds it)"));
    }
    loop_->run_until([] { return false; }, clock, Deadline::in(clock, between_attempts));
  }
}

int LibusbClaim::try_claim() {
  // A system without kernel drivers to detach answers NOT_SUPPORTED: it is then the claim that decides.
  if (libusb_kernel_driver_active(handle(), taken_.interface_number) == 1) {
    auto result = libusb_detach_kernel_driver(handle(), taken_.interface_number);
    if (result != LIBUSB_SUCCESS && result != LIBUSB_ERROR_NOT_FOUND && result != LIBUSB_ERROR_NOT_SUPPORTED) {
      return result;
    }
  }
  return libusb_claim_interface(handle(), taken_.interface_number);
}

}  // namespace modemedic::usb
