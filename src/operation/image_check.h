#pragma once

#include "base/events.h"
#include "firmware/package.h"
#include "operation/run_firehose.h"
#include "plan/plan.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::operation {

/// What a flash has put onto the chip, and what of it has been seen there again.
///
/// A programmer acknowledges what it did not do: a block that turns bad while it is written takes its pages with it and
/// moves the rest on, without a word (facts: programmer-9x07.md, traps 2 and 3). So the chip is asked for its bad
/// blocks again, and what is in doubt is read back; what is wrong is erased and programmed again, SBL last, and SBL
/// blank in the meantime.
class ImageCheck {
public:
  struct Setup {
    FirehoseLink& link;
    const firmware::Package& package;
    const plan::ProvenPlan& plan;
    plan::ChipReport& chip;  ///< brought up to date
    Events& events;
    unsigned tries = 3;     ///< how often at most an image is written anew
    bool read_all = false;  ///< not only what is in doubt
    std::stop_token stop = {};
  };

  explicit ImageCheck(Setup setup) : setup_(std::move(setup)), known_bad_(setup_.chip.bad_blocks) {}

  /// An image (index into Package::images) was programmed, or stood already.
  /// @param seen  it was read back right since
  void written(std::size_t image, bool seen);

  /// The programmer said something about this partition that raises doubts.
  void doubt(const std::string& partition);

  /// Reads back what has to be, and mends it.
  /// @return Code::device_refused when it can't be written well, or the chip has no room any more for what is to go
  ///         there; Code::interrupted
  Result<void> check();

  /// Partitions that were read back and compared with their image, byte for byte.
  std::vector<std::string> seen() const;

  /// Blocks that turned bad during this flash, ascending.
  const std::vector<std::uint64_t>& new_bad_blocks() const { return new_bad_blocks_; }

private:
  Result<void> ask_for_bad_blocks();
  Result<std::set<std::size_t>> read_back();
  Result<void> write_anew(std::set<std::size_t> wrong);
  std::vector<std::size_t> in_order(const std::set<std::size_t>& images) const;
  bool is_sbl(std::size_t image) const;

  Setup setup_;
  std::set<std::size_t> written_;
  std::set<std::size_t> seen_;
  std::set<std::size_t> doubtful_;
  std::vector<std::uint64_t> known_bad_;  ///< blocks, as far as their images were looked at
  std::vector<std::uint64_t> new_bad_blocks_;
};

}  // namespace modemedic::operation
