#pragma once

#include "base/descriptor.h"

#include <cstdint>
#include <memory>

#include <sys/types.h>

namespace modemedic::usb {

/// An interface that we took from its kernel driver. Numbers as in /dev/bus/usb/001/007.
struct TakenInterface {
  std::uint8_t bus = 0;
  std::uint8_t device = 0;
  std::uint8_t interface_number = 0;

  bool operator==(const TakenInterface&) const = default;
};

/// Lets the kernel find a driver for an interface again. Only calls that a forked child of a threaded program may make.
/// @return false while somebody still has the interface: it is to be tried again
bool attach_kernel_driver(const TakenInterface& taken);

/// Gives kernel drivers back when we die before we could: usbfs lets an interface go, but calls nobody back to it. A
/// small process of its own that hears our death by the end of a pipe, and has nothing else of us open.
class DriverGuardian {
public:
  using GiveBack = bool (*)(const TakenInterface&);

  /// @param give_back  another one is for tests
  /// @return null when this machine can't have another process: all works without
  static std::unique_ptr<DriverGuardian> start(GiveBack give_back = &attach_kernel_driver);

  /// It has nothing to do any more.
  ~DriverGuardian();
  DriverGuardian(const DriverGuardian&) = delete;
  DriverGuardian& operator=(const DriverGuardian&) = delete;

  /// Said before the driver is detached.
  void took(const TakenInterface& taken) const;

  /// Said after it has come back.
  void gave_back(const TakenInterface& taken) const;

  pid_t process() const { return process_; }

private:
  DriverGuardian(pid_t process, Descriptor pipe) : process_(process), pipe_(std::move(pipe)) {}

  void tell(char verb, const TakenInterface& taken) const;

  pid_t process_;
  Descriptor pipe_;
};

}  // namespace modemedic::usb
