#include "operation/chip_table.h"

#include "firmware/mibib.h"
#include "firmware/partition_role.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::operation {

using firmware::Partition;
using firmware::Role;

namespace {

/// A copy of the table fills the first four pages of a block.
constexpr std::uint64_t copy_pages = 4;

/// A partition of more blocks than this is no MIBIB's; nobody reads that far.
constexpr std::uint64_t most_copies = 32;

/// How often the table has been written anew: stands behind magic number and version.
std::uint32_t age_of(ByteView copy) {
  ByteReader reader(copy.subspan(12), Endian::little);
  return reader.u32();
}

bool is_blank(ByteView bytes) {
  auto fill = bytes.front();
  return (fill == std::byte{0xFF} || fill == std::byte{0xEE}) &&
         std::all_of(bytes.begin(), bytes.end(), [fill](std::byte b) { return b == fill; });
}

/// Takes in one copy after the other.
class YoungestTable {
public:
  explicit YoungestTable(const Geometry& geometry) : geometry_(geometry) {}

  void take(ByteView copy) {
    if (is_blank(copy)) {
      return;
    }
    found_.blank = false;
    auto table = firmware::parse_mibib(copy, geometry_);
    if (!table) {
      found_.why = table.error().what;
    } else if (!found_.table || age_of(copy) > age_) {
      found_.table = std::move(*table);
      age_ = age_of(copy);
    }
  }

  void could_not_read(std::string why) {
    found_.blank = false;
    found_.why = std::move(why);
  }

  ChipTable result() && {
    if (found_.table) {
      found_.why.clear();
    } else if (found_.blank) {
      found_.why = "there is no partition table on the chip: it is blank there";
    }
    return std::move(found_);
  }

private:
  Geometry geometry_;
  ChipTable found_{.table = {}, .blank = true, .why = {}};
  std::uint32_t age_ = 0;
};

}  // namespace

Result<ChipTable> read_chip_table(FirehoseLink& link, const firmware::Package& package, const plan::ChipReport& chip) {
  auto is_mibib = [](const Partition& partition) { return firmware::role_of(partition.name) == Role::mibib; };
  auto mibib = std::find_if(package.table.begin(), package.table.end(), is_mibib);
  if (mibib == package.table.end()) {
    return ChipTable{.table = {}, .blank = false, .why = "the package does not tell where a table would be"};
  }
  YoungestTable youngest(chip.geometry);
  Sectors block{chip.geometry.pages_per_block};
  auto end = std::min(mibib->range.end(), mibib->range.start + Sectors{most_copies * block.n});
  for (auto at = mibib->range.start; at < end; at += block) {
    if (std::binary_search(chip.bad_blocks.begin(), chip.bad_blocks.end(), at.n / block.n)) {
      continue;
    }
    Buffer copy;
    TRY_ASSIGN(auto reply, link.read({chip.geometry, {at, {copy_pages}}, true}, [&](ByteView bytes) -> Result<void> {
      copy.insert(copy.end(), bytes.begin(), bytes.end());
      return {};
    }));
    if (!reply.ack || copy.size() != chip.geometry.bytes({copy_pages})) {
      youngest.could_not_read("the chip's partition table could not be read: " + in_its_words(reply));
      break;
    }
    youngest.take(copy);
  }
  return std::move(youngest).result();
}

}  // namespace modemedic::operation
