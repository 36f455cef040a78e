#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "usb/fingerprint.h"
#include "usb/pipe.h"

#include <memory>
#include <vector>

namespace modemedic::usb {

/// A place where modems are: this machine's USB, a USB/IP server, or a virtual bus in this process.
class Bus {
public:
  Bus() = default;
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;
  virtual ~Bus() = default;

  /// All devices now in sight, ordered by port; devices that are no modem included.
  virtual Result<std::vector<DeviceInfo>> snapshot() = 0;

  /// Waits until a device has come or gone since the last snapshot().
  /// @return true when something changed, false when the deadline passed first
  virtual Result<bool> wait_change(Deadline deadline) = 0;

  /// Opens the bulk pair of an interface of a device that snapshot() showed.
  /// @return Code::modem_lost when it has gone since, Code::permission, Code::busy
  virtual Result<std::unique_ptr<Pipe>> open(const DeviceInfo& device, std::uint8_t interface_number) = 0;

  /// The clock that this bus's deadlines are measured with: simulated on the in-process bus.
  virtual const Clock& clock() const = 0;
};

}  // namespace modemedic::usb
