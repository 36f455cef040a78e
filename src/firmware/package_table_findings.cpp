#include "firmware/package_findings.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::firmware {

namespace {

/// @param table  of Partition, or of UserPartition
template <typename Table>
std::vector<std::string> folded_names(const Table& table) {
  std::vector<std::string> names;
  names.reserve(table.size());
  for (const auto& partition : table) {
    names.push_back(fold_case(partition.name));
  }
  return names;
}

/// The first name in which two lists differ, for a person.
std::string first_difference(const std::vector<std::string>& listed, const std::vector<std::string>& real) {
  auto [a, b] = std::ranges::mismatch(listed, real);
  if (a == listed.end()) {
    return "it has no " + printable(*b);
  }
  return b == real.end() ? fmt::format("it has {} besides", printable(*a))
                         : fmt::format("it has {} where the MIBIB has {}", printable(*a), printable(*b));
}

}  // namespace

void compare_tables(Package& package, const std::vector<UserPartition>& listed, const std::string& file) {
  auto add = [&](std::string text) {
    package.findings.push_back(
        {Finding::Level::warning, "tables", fmt::format("{} and the MIBIB are not of one making: {}", file, text)});
  };
  auto names = folded_names(listed);
  auto real = folded_names(package.table);
  if (names != real) {
    add(first_difference(names, real));
    return;
  }
  for (std::size_t i = 0; i < listed.size(); ++i) {
    auto blocks = package.table[i].range.count.n / package.geometry.pages_per_block;
    if (listed[i].in_blocks && listed[i].size && *listed[i].size > blocks) {
      add(fmt::format("it gives {} {} blocks, the MIBIB {}", printable(listed[i].name), *listed[i].size, blocks));
      return;
    }
  }
}

}  // namespace modemedic::firmware
