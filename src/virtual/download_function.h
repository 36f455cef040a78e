#pragma once

#include "virtual/edl_function.h"

#include <functional>
#include <memory>

namespace modemedic::twin {

/// A 9x15 in download mode: the boot loader with DLOAD, or the streaming loader that it was handed.
class DownloadFunction final : public UsbFunction {
public:
  enum class Stage { dload, streaming };

  struct Setup {
    const Persona& persona;
    Nand& nand;
    Timers& timers;
    Faults& faults;
    usb::Fingerprint fingerprint;
    Stage stage = Stage::dload;
    bool real_timing = false;  ///< NAND work takes the persona's time
    std::function<void(PowerEvent)> on_power;
    std::function<void()> on_loader;  ///< GO: the loader comes to the bus as a device of its own
  };

  explicit DownloadFunction(Setup setup);
  ~DownloadFunction() override;

  void connected() override;

  /// Power goes away now: the page being programmed, the block being erased, are torn.
  void power_cut();

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace modemedic::twin
