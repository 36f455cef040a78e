#pragma once

#include "base/error.h"
#include "virtual/chip_faults.h"
#include "virtual/faults.h"
#include "virtual/nand.h"
#include "virtual/persona.h"
#include "virtual/pluggable.h"
#include "virtual/timers.h"

#include <memory>
#include <string>

namespace modemedic::twin {

/// Where a virtual modem starts.
enum class Mode { running, edl, download, dump, fastboot };

/// A whole modem: NAND, boot chain, and the USB function of the mode it is in. What it does after a power-on follows
/// from its NAND alone.
class VirtualModem final : public Pluggable {
public:
  struct Setup {
    Persona persona;
    std::string serial;        ///< chip serial, 8 hex digits; makes IMEI and serial numbers of two modems differ
    bool real_timing = false;  ///< NAND and boot take the persona's time
    Faults faults;
  };

  /// The modem is off until power_on().
  VirtualModem(Setup setup, std::unique_ptr<Nand> nand, Timers& timers);
  ~VirtualModem() override;

  /// Boots what is in the NAND. `start` forces the way in: edl as by the boot pin, download and dump as by a crash.
  void power_on(Mode start = Mode::running);

  /// Power is cut now: what is being programmed or erased is torn, the device leaves the bus. Not to be called from
  /// inside the completion of a URB: the function may be at work there.
  void power_cut();

  UsbFunction* function() const override;
  std::uint64_t enumeration() const override;

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
