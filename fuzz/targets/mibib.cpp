// MIBIB in its three usual page sizes. Its CRC is mended first, or no input would get past it.

#include "firmware/mibib.h"

#include "base/digest.h"
#include "fuzz_target.h"

#include <algorithm>

using namespace modemedic;
using namespace modemedic::firmware;

MODEMEDIC_FUZZ(mibib) {
  for (std::uint32_t page : {512U, 2048U, 4096U}) {
    Geometry geometry{page, 64, 2048};
    Buffer mended(bytes.begin(), bytes.end());
    if (mended.size() >= std::size_t{4} * page) {
      store(mended.data() + std::size_t{3} * page + 12, crc32_mibib(0, ByteView(mended).first(std::size_t{2} * page)),
            Endian::little);
    }
    auto table = parse_mibib(mended, geometry);
    if (!table) {
      continue;
    }
    for (const auto& partition : *table) {
      fuzz::must(partition.range.end() <= geometry.chip_sectors(), "a partition is on the chip");
    }
    auto again = parse_mibib(make_mibib(*table, geometry), geometry);
    fuzz::must(again && *again == *table, "a table that was read can be written and read again");
  }
}
