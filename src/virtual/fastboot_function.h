#pragma once

#include "virtual/fastboot_device.h"
#include "virtual/usb_function.h"

#include <functional>
#include <memory>

namespace modemedic::twin {

/// The boot loader waiting in fastboot, as a USB device.
class FastbootFunction final : public UsbFunction {
public:
  struct Setup {
    const Persona& persona;
    Nand& nand;
    Timers& timers;
    usb::Fingerprint fingerprint;  ///< its serial is what getvar shows
    bool real_timing = false;
    std::function<void(FastbootExit)> on_exit;  ///< after the OKAY
  };

  explicit FastbootFunction(Setup setup);
  ~FastbootFunction() override;

  void connected() override;

  /// Power goes away now: the page being programmed, the block being erased, are torn.
  void power_cut();

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace modemedic::twin
