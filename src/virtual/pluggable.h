#pragma once

#include "virtual/usb_function.h"

#include <cstdint>
#include <functional>

namespace modemedic::twin {

/// What a virtual bus can hold: a device that comes, turns into another one, and goes. A VirtualModem is one; a test
/// may plug in less.
class Pluggable {
public:
  Pluggable() = default;
  Pluggable(const Pluggable&) = delete;
  Pluggable& operator=(const Pluggable&) = delete;
  virtual ~Pluggable() = default;

  /// The USB device that the host sees now; null while nothing is on the bus. One that leaves has been
  /// disconnect()ed: its URBs ended as gone.
  virtual UsbFunction* function() const = 0;

  /// Grows with each enumeration.
  virtual std::uint64_t enumeration() const = 0;

  /// Called when function() has changed (after the change). For who tells it to a person: the buses ask function()
  /// and enumeration() instead.
  std::function<void()> on_change;
};

}  // namespace modemedic::twin
