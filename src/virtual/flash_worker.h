#pragma once

#include "virtual/device_link.h"
#include "virtual/nand.h"

#include <cstdint>
#include <optional>

namespace modemedic::twin {

/// Erases and programs for a program on the modem, which waits as long as the chip takes. What the chip works at when
/// power goes away is torn.
class FlashWorker {
public:
  /// @param real_timing  false: the chip takes no time
  FlashWorker(DeviceLink& link, Nand& nand, const NandTiming& timing, bool real_timing)
      : link_(link), nand_(nand), timing_(real_timing ? timing : NandTiming{}) {}

  /// `co_await worker.erase(block)`; then ok().
  DeviceTask erase(std::uint64_t block);

  /// Erases the good blocks of [first, end); one that fails is left as it is. Then ok() for the last of them.
  DeviceTask erase_good(std::uint64_t first, std::uint64_t end);

  /// `co_await worker.program(page, data)`; then ok(). `data` stays valid until it ends.
  DeviceTask program(std::uint64_t page, ByteView data);

  /// The chip did what it was told last.
  bool ok() const { return ok_; }

  /// The page that was programmed last.
  std::optional<std::uint64_t> last_page() const { return last_page_; }

  /// Power goes away now.
  void power_cut();

private:
  DeviceLink& link_;
  Nand& nand_;
  NandTiming timing_;
  bool ok_ = true;
  std::optional<std::uint64_t> last_page_;
  std::optional<std::uint64_t> erasing_;      ///< block
  std::optional<std::uint64_t> programming_;  ///< page
};

}  // namespace modemedic::twin
