#pragma once

#include "virtual/device_link.h"

#include <string>

namespace modemedic::twin {

/// What little-kernel's USB driver makes of the host's transfers (facts: fastboot.md). A command is one transfer, of
/// which 64 bytes are looked at; data are read in requests of 32 KiB, each of which has to be filled.
class FastbootInput {
public:
  explicit FastbootInput(DeviceLink& link) : link_(link) {}

  /// Waits for the next command; then command(). An empty transfer is one too.
  DeviceTask read_command();

  const std::string& command() const { return command_; }

  /// Waits for that many bytes; then data(). Never ends when a short packet comes before: the device is deaf until it
  /// is plugged in again.
  DeviceTask read_data(std::uint64_t size);

  const Buffer& data() const { return data_; }

  void drop_data() { data_ = {}; }

private:
  void next_transfer(bool zlp_follows);

  DeviceLink& link_;
  std::string command_;
  Buffer data_;
  std::size_t taken_ = 0;     ///< of the transfer that waits first
  bool zlp_follows_ = false;  ///< a ZLP that ended a transfer has not been read yet
};

}  // namespace modemedic::twin
