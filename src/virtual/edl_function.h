#pragma once

#include "virtual/faults.h"
#include "virtual/nand.h"
#include "virtual/persona.h"
#include "virtual/timers.h"
#include "virtual/usb_function.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace modemedic::twin {

/// What a modem in EDL asks its own power supply to do.
enum class PowerEvent {
  reset,   ///< Firehose power reset, Sahara RESET: boots again
  off,     ///< Firehose power off
  edl,     ///< Firehose power edl
  cut,     ///< fault cut@N
  vanish,  ///< fault vanish@N: off the bus, not to be brought back by a power-on
};

/// The modem while the boot ROM or SBL waits with Sahara, and then, on the same connection, the Firehose programmer
/// that it was handed (facts: sahara-firehose.md, programmer-9x07.md).
class EdlFunction final : public UsbFunction {
public:
  struct Setup {
    const Persona& persona;
    Nand& nand;
    Timers& timers;
    Faults& faults;
    usb::Fingerprint fingerprint;  ///< edl's, download's or dump's
    std::uint32_t serial = 0;      ///< chip serial
    std::uint32_t image_id = 13;   ///< 13 in EDL, 7 in the boot loader's download mode
    bool memory_debug = false;     ///< dump mode: HELLO says memory debug
    bool real_timing = false;      ///< NAND work takes the persona's time
    std::function<void(PowerEvent)> on_power;
  };

  explicit EdlFunction(Setup setup);
  ~EdlFunction() override;

  void connected() override;

  /// Power goes away now: the page being programmed, the block being erased, are torn.
  void power_cut();

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace modemedic::twin
