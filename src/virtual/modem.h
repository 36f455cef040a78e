#pragma once

#include "base/error.h"
#include "virtual/faults.h"
#include "virtual/nand.h"
#include "virtual/persona.h"
#include "virtual/timers.h"
#include "virtual/usb_function.h"

#include <functional>
#include <memory>
#include <string>

namespace modemedic::twin {

/// Where a virtual modem starts.
enum class Mode { running, edl, download, dump, fastboot };

/// A whole modem: NAND, boot chain, and the USB function of the mode it is in. What it does after a power-on follows
/// from its NAND alone.
class VirtualModem {
public:
  struct Setup {
    Persona persona;
    std::string serial;        ///< chip serial, 8 hex digits; makes IMEI and serial numbers of two modems differ
    bool real_timing = false;  ///< NAND and boot take the persona's time
    Faults faults;
  };

  /// The modem is off until power_on().
  VirtualModem(Setup setup, std::unique_ptr<Nand> nand, Timers& timers);
  ~VirtualModem();
  VirtualModem(const VirtualModem&) = delete;
  VirtualModem& operator=(const VirtualModem&) = delete;

  /// Boots what is in the NAND. `start` forces the way in: edl as by the boot pin, download and dump as by a crash.
  void power_on(Mode start = Mode::running);

  /// Power is cut now: what is being programmed or erased is torn, the device leaves the bus.
  void power_cut();

  /// The USB device that the host sees now; null while nothing is on the bus.
  UsbFunction* function() const;

  /// Grows with each enumeration.
  std::uint64_t enumeration() const;

  /// Called when function() has changed (after the change).
  std::function<void()> on_change;

  /// For a person: "running EG25GGBR07A08M2G", "edl (no SBL)", "boot loop (system is not whole)".
  std::string state() const;

  Nand& nand();
  const Persona& persona() const;

  /// IMEI as EFS holds it; empty when EFS is lost.
  std::string imei() const;

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace modemedic::twin
