#pragma once

#include "virtual/nand.h"

#include <cstdint>
#include <span>

namespace modemedic::twin {

/// Takes sectors off the chip as the programmer's <read> does (facts: programmer-9x07.md, read).
class PageReader {
public:
  enum class BadBlocks {
    run_on,         ///< skipped: the data run on from the next good block, past the range's end
    at_end,         ///< skipped: the sectors missing come as 0xFF at the end
    keep_position,  ///< read 0xBB in their place
  };

  struct Form {
    BadBlocks bad_blocks = BadBlocks::run_on;
    std::uint32_t spare = 0;      ///< bytes of spare area behind each page; 0 without
    std::byte erased_fill{0xFF};  ///< what erased pages read as
  };

  PageReader(const Nand& nand, SectorRange range, Form form);

  std::size_t sector_size() const { return nand_.geometry().page_size + form_.spare; }

  /// The next sectors; `into` is a multiple of sector_size().
  void read(std::span<std::byte> into);

private:
  void read_sector(std::span<std::byte> into);
  void read_page(std::span<std::byte> into) const;
  bool in_bad_block() const;

  const Nand& nand_;
  Form form_;
  std::uint64_t next_;  ///< page
  std::uint64_t end_;   ///< where reading stops, bad blocks or not
};

}  // namespace modemedic::twin
