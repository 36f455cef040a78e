#include "virtual/chip_table.h"

#include "firmware/mibib.h"
#include "virtual/partition_reader.h"

namespace modemedic::twin {

Result<firmware::PartitionTable> read_chip_table(const Nand& nand, const Persona& persona) {
  constexpr std::uint64_t pages = 4;
  const auto* mibib = firmware::find_partition_any_case(persona.table, "mibib");
  if (mibib == nullptr || PartitionReader(nand, mibib->range).blank()) {
    return fail(Code::package_bad).what("no MIBIB");
  }
  auto content = PartitionReader(nand, mibib->range).read(0, pages * nand.geometry().page_size);
  if (!content) {
    return fail(Code::package_bad).what("MIBIB is torn");
  }
  auto table = firmware::parse_mibib(*content, nand.geometry());
  if (!table) {
    return fail(Code::package_bad).what("MIBIB is not whole: " + table.error().what);
  }
  return table;
}

}  // namespace modemedic::twin
