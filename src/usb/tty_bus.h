#pragma once

#include "usb/bus.h"
#include "usb/sysfs.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace modemedic::usb {

/// A tty that a kernel driver made out of an interface of a USB device.
struct UsbTty {
  std::string node;  ///< "/dev/ttyUSB2"
  std::string port;  ///< of the device: "1-1.4"
  std::uint8_t interface_number = 0;
};

/// Whose tty that is.
/// @param node  a tty, or a link to one: /dev/serial/by-id/…
/// @return Code::usage for what is no tty of a USB device, Code::no_modem when there is no such thing
Result<UsbTty> find_tty(const std::string& node, const Sysfs& sysfs = Sysfs());

/// This machine's USB with one modem in sight: the one that a person named by a tty of it. Its running firmware is
/// spoken to through the ttys of its interfaces, which stay with their kernel driver; its boot modes, which are one
/// interface and need whole transfers, as on the bus inside.
class TtyBus final : public Bus {
public:
  /// Which interface is AT, by shape.
  using AtInterface = std::function<std::optional<std::uint8_t>(const Fingerprint&)>;

  /// @param named  speaks for the AT interface if it has its shape: a modem has two ports that answer AT
  TtyBus(std::unique_ptr<Bus> inner, UsbTty named, AtInterface at_interface, Sysfs sysfs = Sysfs());

  Result<std::vector<DeviceInfo>> snapshot() override;

  Result<bool> wait_change(Deadline deadline) override { return inner_->wait_change(deadline); }

  /// An interface without a tty is opened on the bus inside.
  Result<std::unique_ptr<Pipe>> open(const DeviceInfo& device, std::uint8_t interface_number) override;

  /// For a job USB itself must be open to us too: else the modem would be switched to EDL, and left there.
  Result<std::unique_ptr<Reservation>> reserve(const DeviceInfo& device, Purpose purpose, Events& events) override;

  const Clock& clock() const override { return inner_->clock(); }

private:
  std::uint8_t spoken_for(const DeviceInfo& device, std::uint8_t interface_number) const;
  std::optional<std::string> tty_of(const DeviceInfo& device, std::uint8_t interface_number) const;

  std::unique_ptr<Bus> inner_;
  UsbTty named_;
  AtInterface at_interface_;
  Sysfs sysfs_;
  std::string companion_;  ///< of the named port
};

}  // namespace modemedic::usb
