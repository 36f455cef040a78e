// partition_nand.xml

#include "firmware/partition_nand.h"

#include "fuzz_target.h"

MODEMEDIC_FUZZ(partition_nand) {
  auto table = modemedic::firmware::parse_partition_nand(bytes, "partition_nand.xml");
  modemedic::fuzz::must(!table || !table->empty(), "a table without partitions is refused");
}
