#pragma once

#include "virtual/flash_worker.h"

#include <cstdint>

namespace modemedic::twin {

/// Writes and erases partitions as little-kernel does (facts: fastboot.md): block by block, each erased right before,
/// bad ones passed over, one that fails marked bad and its pages written anew into the next.
class FastbootFlasher {
public:
  FastbootFlasher(FlashWorker& flash, Nand& nand) : flash_(flash), nand_(nand) {}

  /// Writes an image, and erases the rest of the partition; then ok(). `image` stays valid until it ends.
  /// @param spare  bytes behind each page in the image that are not the page's
  DeviceTask write(SectorRange range, ByteView image, std::uint32_t spare);

  /// Erases all blocks; then ok() for the last one only, whatever became of those before it.
  DeviceTask erase(SectorRange range);

  bool ok() const { return ok_; }

private:
  DeviceTask erase_rest(std::uint64_t page, std::uint64_t end);

  FlashWorker& flash_;
  Nand& nand_;
  bool ok_ = true;
};

}  // namespace modemedic::twin
