#pragma once

#include "usb/bus.h"
#include "virtual/pluggable.h"
#include "virtual/timers.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace modemedic::twin {

/// Virtual modems on a bus in this process: one thread, simulated time. A wait of the host runs the modems' timers
/// and moves the clock to whatever comes first, so a timeout costs nothing and a run repeats exactly.
class InProcessBus final : public usb::Bus {
public:
  /// Pipes that open() gave are to be closed before the bus goes.
  InProcessBus(SimulatedClock& clock, Timers& timers);
  ~InProcessBus() override;

  /// Plugs a modem in at this port; it must outlive the bus.
  /// @param companion  where it is instead while it runs at USB 3 speed; empty: it has the port alone
  void plug(Pluggable& modem, std::string port, std::string companion = "");

  /// Moves a modem that is plugged in to another connector; pipes to it are closed before.
  void replug(Pluggable& modem, std::string port, std::string companion = "");

  Result<std::vector<usb::DeviceInfo>> snapshot() override;
  Result<bool> wait_change(Deadline deadline) override;
  Result<std::unique_ptr<usb::Pipe>> open(const usb::DeviceInfo& device, std::uint8_t interface_number) override;

  const Clock& clock() const override { return clock_; }

  /// What a host without our care would do; for the tests that show why we take it.
  struct Habits {
    bool keep_in_pending = true;  ///< an IN transfer is always pending (trap 8)
    bool send_zlp = true;         ///< a ZLP asked for is sent (trap 6)
  };

  Habits habits;

  /// Runs timers, moving the clock, until `ready` says true or the deadline has passed.
  /// @return what `ready` said last
  bool run_until(const std::function<bool()>& ready, Deadline deadline);

private:
  friend class InProcessPipe;

  struct Port {
    Pluggable* modem;
    std::string usb2;
    std::string usb3;           ///< the other half of the connector; empty: there is none
    std::uint64_t plugged = 0;  ///< how many were plugged in before: two modems count their enumerations alike
    std::uint64_t seen = 0;     ///< enumeration at the last snapshot, 0: nothing was there

    std::uint64_t enumeration() const {
      return modem->function() != nullptr ? plugged << 32U | modem->enumeration() : 0;
    }

    /// Where the modem is now.
    std::string path() const;

    std::string companion() const { return usb3.empty() || path() == usb2 ? usb3 : usb2; }
  };

  /// An interface of a device that is open.
  struct Opened {
    const Pluggable* modem;
    std::uint64_t enumeration;
    std::uint8_t interface_number;

    bool operator==(const Opened&) const = default;
  };

  SimulatedClock& clock_;
  Timers& timers_;
  std::vector<Port> ports_;
  std::uint64_t plugged_ = 0;
  std::vector<Opened> opened_;
};

}  // namespace modemedic::twin
