#pragma once

#include "base/units.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>

namespace modemedic::plan {

/// What each sector of a chip holds, kept as runs of equal content: its size follows the number of steps, not the
/// number of sectors.
template <typename Content>
class SectorMap {
public:
  /// All sectors hold `content`.
  explicit SectorMap(Content content) { runs_.emplace(0, content); }

  /// `range` must not wrap around.
  void assign(const SectorRange& range, const Content& content) {
    if (range.count.n == 0) {
      return;
    }
    split_at(range.end().n);
    split_at(range.start.n);
    runs_.erase(runs_.find(range.start.n), runs_.find(range.end().n));
    runs_.emplace(range.start.n, content);
  }

  /// The first sector of the range whose content `is` so; nothing when there is none.
  template <typename Predicate>
  std::optional<Sectors> first_where(const SectorRange& range, Predicate is) const {
    auto run = std::prev(runs_.upper_bound(range.start.n));
    for (; run != runs_.end() && run->first < range.end().n; ++run) {
      if (is(run->second)) {
        return Sectors{std::max(run->first, range.start.n)};
      }
    }
    return std::nullopt;
  }

  /// The first sector of the range that does not hold `content`.
  std::optional<Sectors> first_other(const SectorRange& range, const Content& content) const {
    return first_where(range, [&](const Content& held) { return held != content; });
  }

private:
  /// A run begins at `sector`, with the content that was there.
  void split_at(std::uint64_t sector) { runs_.emplace(sector, std::prev(runs_.upper_bound(sector))->second); }

  std::map<std::uint64_t, Content> runs_;  ///< first sector -> content, up to the next run
};

}  // namespace modemedic::plan
