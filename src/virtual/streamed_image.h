#pragma once

#include "virtual/flash_worker.h"

#include <cstdint>
#include <optional>

namespace modemedic::twin {

/// An open partition of a streaming loader: takes an image's bytes in order and programs whole pages, past the
/// partition's bad blocks.
class StreamedImage {
public:
  /// What the loader does when a page fails.
  enum class OnFailure {
    relocate,  ///< 9x07: marks the block, and writes its pages anew into the next good one
    give_up,   ///< 9x15: takes nothing more
  };

  StreamedImage(FlashWorker& flash, Nand& nand, const SectorRange& range, OnFailure on_failure);

  /// Where the next byte belongs.
  std::uint64_t offset() const { return offset_; }

  /// Appends; to be awaited, then ok(). `data` stays valid until it ends.
  DeviceTask write(ByteView data);

  /// Fills the last page up with 0xFF.
  DeviceTask finish();

  /// False once a page failed for good, or the partition was too small.
  bool ok() const { return ok_; }

private:
  bool skip_bad_blocks();
  DeviceTask program();
  DeviceTask relocate();

  FlashWorker& flash_;
  Nand& nand_;
  SectorRange range_;
  OnFailure on_failure_;
  std::uint64_t next_;  ///< page
  std::uint64_t offset_ = 0;
  Buffer page_;  ///< bytes of a page that is not whole yet
  bool ok_ = true;
};

}  // namespace modemedic::twin
