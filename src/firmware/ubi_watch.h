#pragma once

#include "base/bytes.h"
#include "firmware/ubi.h"

#include <cstdint>
#include <optional>
#include <string>

namespace modemedic::firmware {

/// What a UBI image in a file is, and whether it is whole.
struct UbiReport {
  std::uint64_t block_size = 0;  ///< bytes, as the distance of its headers tells; 0 when it has none
  std::uint32_t page_size = 0;   ///< bytes; 0 when its headers don't tell
  std::uint64_t blocks = 0;
  std::string problem;  ///< the first thing that is wrong; empty: it is whole
};

/// Judges a UBI image whose bytes come in pieces of any size, before anyone knows what chip it is for: how large its
/// blocks are follows from where its headers stand. Memory: one block.
class UbiWatch {
public:
  void feed(ByteView chunk);

  /// @return nothing when the bytes do not start as a UBI image does
  std::optional<UbiReport> finish();

private:
  enum class State {
    start,   ///< collecting enough to see the block size
    blocks,  ///< it is known
    not_ubi,
  };

  void begin();
  void take_blocks(ByteView bytes);

  State state_ = State::start;
  Buffer pending_;  ///< the start, or the part of a block
  std::uint64_t block_size_ = 0;
  std::uint64_t blocks_ = 0;
  std::optional<UbiScan> scan_;
};

}  // namespace modemedic::firmware
