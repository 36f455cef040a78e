#pragma once

#include "virtual/at_device.h"
#include "virtual/efs_tree.h"
#include "virtual/faults.h"
#include "virtual/modem_request.h"
#include "virtual/timers.h"
#include "virtual/usb_function.h"

#include <functional>
#include <memory>

namespace modemedic::twin {

/// The modem while its Linux runs: AT on the AT and the modem port, DIAG, NMEA once GNSS is on, and a network
/// interface that takes its standard requests and stalls the rest. Who is who goes by the interfaces' shape.
class RunningFunction final : public UsbFunction {
public:
  struct Setup {
    usb::Fingerprint fingerprint;
    AtModem at;
    bool at_up = true;    ///< false: the modem image isn't whole, AT stays silent
    Duration at_ready{};  ///< from enumeration until AT answers
    Duration settling{};  ///< from then until QGMR tells the truth
    Timers& timers;
    /// Called once, when the answer to the command that asked for it has been written. The function must outlive the
    /// call.
    std::function<void(ModemRequest)> on_request;
    Faults faults = {};
    EfsTree files = {};  ///< of its file system, as DIAG shows them
  };

  explicit RunningFunction(Setup setup);
  ~RunningFunction() override;

  void connected() override;

  /// AT+QPOWD is done: the last thing it says.
  void say_powered_down();

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// "0x2C7C,0x125,1,1,1,1,1,0,0": what AT+QCFG="usbcfg" shows of a composition.
std::string composition_text(const usb::Fingerprint& fingerprint);

/// The modem on the bus with nothing behind its interfaces: a boot loop, while it shows.
class SilentFunction final : public UsbFunction {
public:
  explicit SilentFunction(usb::Fingerprint fingerprint);
};

}  // namespace modemedic::twin
