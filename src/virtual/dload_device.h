#pragma once

#include "protocol/dload_wire.h"
#include "protocol/hdlc.h"
#include "virtual/device_link.h"
#include "virtual/edl_function.h"
#include "virtual/faults.h"

#include <functional>
#include <map>

namespace modemedic::twin {

/// Device side of DLOAD, as the boot loader of a 9x15 speaks it in download mode (facts: dload-streaming.md). What it
/// is handed lies in its memory until GO starts it.
class DloadDevice {
public:
  struct Setup {
    const Faults& faults;
    /// Asks for power events; must not end this object before the program waits again.
    std::function<void(PowerEvent)> power;
  };

  DloadDevice(DeviceLink& link, Setup setup);

  /// Until GO. Never ends when what was started there is no streaming loader: a modem runs what it is told, and says
  /// nothing more.
  DeviceTask run();

private:
  struct Answer {
    Buffer body;  ///< empty: none
    enum class Then { go_on, start, get_lost, reset } then = Then::go_on;
  };

  Answer obey(ByteView body);
  Answer write(std::uint32_t address, ByteReader rest);
  bool holds_loader(std::uint32_t start) const;

  DeviceLink& link_;
  Setup setup_;
  protocol::HdlcReader reader_;
  std::map<std::uint32_t, Buffer> memory_;  ///< what was written, by address
  std::size_t written_ = 0;                 ///< bytes in all
};

}  // namespace modemedic::twin
