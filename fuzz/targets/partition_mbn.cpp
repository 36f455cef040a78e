// partition.mbn

#include "firmware/partition_mbn.h"

#include "fuzz_target.h"

using namespace modemedic::firmware;

MODEMEDIC_FUZZ(partition_mbn) {
  auto table = parse_user_table(bytes);
  if (table) {
    auto again = parse_user_table(make_user_table(*table));
    modemedic::fuzz::must(again && *again == *table, "a table that was read can be written and read again");
  }
}
