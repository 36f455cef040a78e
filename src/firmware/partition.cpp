#include "firmware/partition.h"

#include <algorithm>

namespace modemedic::firmware {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <typename Fits>
const Partition* first(const PartitionTable& table, Fits fits) {
  auto found = std::ranges::find_if(table, fits);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace

const Partition* find_partition(const PartitionTable& table, std::string_view name) {
  return first(table, [&](const Partition& partition) { return partition.name == name; });
}

const Partition* find_partition_any_case(const PartitionTable& table, std::string_view name) {
  return first(table, [&](const Partition& partition) {
    return std::ranges::equal(partition.name, name, [](char a, char b) { return lower(a) == lower(b); });
  });
}

const Partition* partition_of(const PartitionTable& table, const SectorRange& range) {
  return first(table, [&](const Partition& partition) { return partition.range.contains(range); });
}

}  // namespace modemedic::firmware
