#pragma once

#include "base/bytes.h"
#include "base/units.h"
#include "virtual/nand.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace modemedic::twin {

/// A partition's content as the boot loaders read it and the programmer writes it: its good blocks one after another.
class PartitionReader {
public:
  PartitionReader(const Nand& nand, const SectorRange& range);

  /// Nothing was written where an image would start.
  bool blank() const;

  /// What was written in one go from the start.
  struct Written {
    Buffer bytes;       ///< up to the first page that isn't programmed
    bool torn = false;  ///< that page can't be read: a torn one, not an erased one
  };

  Written written() const;

  /// `size` bytes from `offset`; erased pages read 0xFF.
  /// @return nothing when a page of them is torn, or they end beyond the partition
  std::optional<Buffer> read(std::uint64_t offset, std::uint64_t size) const;

  /// The n-th good block's number on the chip.
  std::optional<std::uint64_t> block(std::uint64_t n) const;

  std::uint64_t good_blocks() const { return blocks_.size(); }

  enum class BlockState { erased, readable, torn };

  /// Reads the n-th good block into `into` (resized); `into` holds nothing of use unless it is readable.
  BlockState read_block(std::uint64_t n, Buffer& into) const;

private:
  std::uint64_t pages() const { return blocks_.size() * pages_per_block_; }

  std::uint64_t chip_page(std::uint64_t page) const;

  const Nand& nand_;
  std::uint64_t pages_per_block_;
  std::uint64_t page_size_;
  std::vector<std::uint64_t> blocks_;
};

}  // namespace modemedic::twin
