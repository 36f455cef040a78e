#pragma once

#include "base/descriptor.h"
#include "base/error.h"
#include "usb/fingerprint.h"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace modemedic::usb {

/// The virtual host controller of this machine's kernel (Linux vhci_hcd): what is plugged in there is a real USB device
/// to every driver and program of this machine. No network and no usbip program is needed for it: the kernel gets one
/// end of a socket pair, and speaks USB/IP's URBs over it.
class VhciHost {
public:
  /// @return Code::usage when the kernel has no such controller, Code::permission
  static Result<VhciHost> open(std::filesystem::path controller = "/sys/devices/platform/vhci_hcd.0");

  /// Plugs a device into a port.
  /// @param slot   0 is the first port of the hub that fits the speed: always the same one for the same modem, so that
  ///               it comes back where it was
  /// @param devid  what the kernel names in each URB
  /// @return our end, which carries the URBs from now on; nothing while the port is still busy with what was there
  ///         before; Code::usage when there is no such port; Code::io
  Result<std::optional<Descriptor>> plug(std::size_t slot, std::uint32_t devid, Speed speed);

private:
  explicit VhciHost(std::filesystem::path controller) : controller_(std::move(controller)) {}

  std::filesystem::path controller_;
};

}  // namespace modemedic::usb
