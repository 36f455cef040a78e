#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/events.h"
#include "usb/fingerprint.h"
#include "usb/pipe.h"

#include <memory>
#include <vector>

namespace modemedic::usb {

/// What keeps others away from a modem; given up when it goes. After a crash the system gives it up.
class Reservation {
public:
  Reservation() = default;
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  virtual ~Reservation() = default;
};

/// What a modem is reserved for.
enum class Purpose {
  question,  ///< something that it answers as it is: no other modemedic comes between
  job,       ///< a change of its mode or its flash: no program of this machine comes between
};

struct Branch;

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

  /// Keeps others away from a modem over all its mode switches: a second modemedic, and for a job ModemManager too.
  /// Taken before the first pipe is opened, and held until the last is closed and the modem is as it shall stay.
  /// @return Code::busy, saying who has it
  virtual Result<std::unique_ptr<Reservation>> reserve(const DeviceInfo& /*device*/, Purpose /*purpose*/,
                                                       Events& /*events*/) {
    return std::make_unique<Reservation>();
  }

  /// A bus of its own for another thread, which knows this one device: so several modems are talked to at once.
  /// @return one without a bus where there is but one thread for all (a virtual bus, a tty); Code::modem_lost
  virtual Result<Branch> branch(const DeviceInfo& device);

  /// The clock that this bus's deadlines are measured with: simulated on the in-process bus.
  virtual const Clock& clock() const = 0;
};

/// What Bus::branch() gives.
struct Branch {
  std::unique_ptr<Bus> bus;
  DeviceInfo device;  ///< as that bus knows it
};

inline Result<Branch> Bus::branch(const DeviceInfo& /*device*/) {
  return Branch{};
}

}  // namespace modemedic::usb
