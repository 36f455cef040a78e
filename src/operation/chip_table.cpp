#include "operation/chip_table.h"

#include "firmware/mibib.h"
#include "firmware/partition_role.h"
#include "operation/read_sectors.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace modemedic::operation {

using firmware::Partition;
using firmware::Role;

namespace {

/// A copy of the table fills the first four pages of a block.
constexpr Sectors copy_pages{4};

/// A partition of more blocks than this is no MIBIB's; nobody reads that far.
constexpr std::uint64_t most_copies = 32;

/// A MIBIB stands near the chip's start on every table seen: at block 10.
constexpr std::uint64_t blocks_searched = 64;

/// How often the table has been written anew: stands behind magic number and version.
std::uint32_t age_of(ByteView copy) {
  return load<std::uint32_t>(copy.data() + 12, Endian::little);
}

bool begins_as_mibib(ByteView copy) {
  constexpr std::byte magic[] = {std::byte{0xAC}, std::byte{0x9F}, std::byte{0x56}, std::byte{0xFE}};
  return std::equal(std::begin(magic), std::end(magic), copy.begin());
}

bool is_blank(ByteView copy) {
  return blank_fill(copy).has_value();
}

/// Where copies of a table are looked for, and what is said when there is none.
struct Search {
  std::uint64_t first = 0;  ///< block
  std::uint64_t end = 0;
  bool (*passes_over)(ByteView copy);  ///< blocks that hold no copy, not even a damaged one
  std::string_view what;               ///< that could not be read
  std::string_view none;
};

Result<ChipTable> youngest(FirehoseLink& link, const plan::ChipReport& chip, const Search& search) {
  ChipTable found;
  std::uint32_t age = 0;
  for (auto block = search.first; block < search.end; ++block) {
    if (std::binary_search(chip.bad_blocks.begin(), chip.bad_blocks.end(), block)) {
      continue;
    }
    Buffer copy;
    SectorRange pages{chip.geometry.sectors({block}), copy_pages};
    TRY_ASSIGN(auto reply, link.read({chip.geometry, pages, true}, [&](ByteView bytes) -> Result<void> {
      copy.insert(copy.end(), bytes.begin(), bytes.end());
      return {};
    }));
    if (!reply.ack || copy.size() != chip.geometry.bytes(copy_pages)) {
      found.why = fmt::format("{} could not be read: {}", search.what, in_its_words(reply));
      break;
    }
    if (search.passes_over(copy)) {
      continue;
    }
    auto table = firmware::parse_mibib(copy, chip.geometry);
    if (!table) {
      found.why = table.error().what;
    } else if (!found.table || age_of(copy) > age) {
      found.table = std::move(*table);
      age = age_of(copy);
    }
  }
  if (found.table) {
    found.why.clear();
  } else if (found.why.empty()) {
    found.why = search.none;
  }
  return found;
}

}  // namespace

Result<ChipTable> read_chip_table(FirehoseLink& link, const firmware::Package& package, const plan::ChipReport& chip) {
  auto is_mibib = [](const Partition& partition) { return firmware::role_of(partition.name) == Role::mibib; };
  auto mibib = std::find_if(package.table.begin(), package.table.end(), is_mibib);
  if (mibib == package.table.end()) {
    return ChipTable{.table = {}, .why = "the package does not tell where a table would be"};
  }
  auto pages = chip.geometry.pages_per_block;
  auto first = mibib->range.start.n / pages;
  return youngest(link, chip,
                  {.first = first,
                   .end = std::min(mibib->range.end().n / pages, first + most_copies),
                   .passes_over = is_blank,
                   .what = "the chip's partition table",
                   .none = "there is no partition table on the chip: it is blank there"});
}

Result<ChipTable> find_chip_table(FirehoseLink& link, const plan::ChipReport& chip) {
  return youngest(link, chip,
                  {.end = std::min(blocks_searched, chip.geometry.blocks),
                   .passes_over = [](ByteView copy) { return !begins_as_mibib(copy); },
                   .what = "the chip",
                   .none = "there is no partition table on the chip"});
}

}  // namespace modemedic::operation
