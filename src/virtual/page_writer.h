#pragma once

#include "virtual/nand.h"

#include <optional>
#include <string>
#include <vector>

namespace modemedic::twin {

/// Puts pages onto the chip as the programmer's <program> does: no erase before, bad blocks skipped, past the end of
/// the range if need be, up to 4 pages in flight, and page failures "recovered" wrongly
/// (facts: programmer-9x07.md, traps 1 to 3).
class PageWriter {
public:
  using Logs = std::vector<std::string>;

  PageWriter(Nand& nand, SectorRange range);

  /// Programs whole pages; what the programmer says about them is appended to `logs`.
  void write(ByteView pages, Logs& logs);

  /// A page could not be written, not even by recovery: what comes is only taken.
  bool failed() const { return failed_; }

  /// Power goes away: the page that would be programmed next is torn.
  void tear_next();

  /// Power goes away: the page that was programmed last is torn.
  void tear_last();

private:
  struct Group {
    std::uint64_t first;  ///< page
    std::uint64_t count;
    ByteView data;
  };

  bool skip_bad_blocks();
  void write_group(const Group& group, Logs& logs);
  void recover(const Group& group, std::uint64_t failing, Logs& logs);
  bool rewrite(const Group& group, std::uint64_t failing);
  ByteView page_data(const Group& group, std::uint64_t page) const;
  void give_up(std::uint64_t count, Logs& logs);

  Nand& nand_;
  SectorRange range_;
  std::uint64_t next_;  ///< page; bad blocks are skipped when it is written
  std::optional<std::uint64_t> last_;
  bool failed_ = false;
};

}  // namespace modemedic::twin
