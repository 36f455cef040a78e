#pragma once

#include <compare>
#include <cstdint>

namespace modemedic {

/// A count that does not mix with counts of other things.
template <typename Tag>
struct Quantity {
  std::uint64_t n = 0;

  constexpr auto operator<=>(const Quantity&) const = default;

  constexpr Quantity& operator+=(Quantity other) {
    n += other.n;
    return *this;
  }

  friend constexpr Quantity operator+(Quantity a, Quantity b) { return {a.n + b.n}; }

  friend constexpr Quantity operator-(Quantity a, Quantity b) { return {a.n - b.n}; }
};

/// Sectors of a NAND as Firehose counts them: one sector is one page.
using Sectors = Quantity<struct SectorTag>;
/// Erase blocks of a NAND.
using Blocks = Quantity<struct BlockTag>;

/// Page and block size of a NAND chip.
struct Geometry {
  std::uint32_t page_size = 2048;      ///< bytes a page, without spare
  std::uint32_t pages_per_block = 64;  ///< 64 on every modem of this family
  std::uint64_t blocks = 2048;         ///< blocks on the whole chip

  bool operator==(const Geometry&) const = default;

  constexpr std::uint64_t block_size() const { return std::uint64_t{page_size} * pages_per_block; }

  constexpr std::uint64_t chip_size() const { return block_size() * blocks; }

  constexpr Sectors chip_sectors() const { return {blocks * pages_per_block}; }

  /// Same page and block size; the number of blocks may differ or be unknown.
  constexpr bool same_cells(const Geometry& other) const {
    return page_size == other.page_size && pages_per_block == other.pages_per_block;
  }

  constexpr Sectors sectors(Blocks count) const { return {count.n * pages_per_block}; }

  constexpr std::uint64_t bytes(Sectors count) const { return count.n * page_size; }

  /// Sectors that `bytes` bytes need, the last one filled up.
  constexpr Sectors sectors_for(std::uint64_t bytes) const { return {bytes / page_size + (bytes % page_size != 0)}; }

  /// Blocks that `bytes` bytes need.
  constexpr Blocks blocks_for(std::uint64_t bytes) const {
    return {bytes / block_size() + (bytes % block_size() != 0)};
  }
};

/// A run of sectors: [start, start + count).
struct SectorRange {
  Sectors start;
  Sectors count;

  bool operator==(const SectorRange&) const = default;

  constexpr Sectors end() const { return start + count; }

  constexpr bool contains(const SectorRange& other) const { return other.start >= start && other.end() <= end(); }

  constexpr bool overlaps(const SectorRange& other) const { return start < other.end() && other.start < end(); }
};

}  // namespace modemedic
