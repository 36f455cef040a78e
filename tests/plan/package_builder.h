#pragma once

#include "firmware/package.h"
#include "plan/plan.h"

#include <string>
#include <utility>
#include <vector>

namespace modemedic::plan {

/// Builds what read_package() would give, without any bytes: a table, and commands on it in the order they are added.
class PackageBuilder {
public:
  PackageBuilder(Geometry geometry, firmware::PartitionTable table);

  /// `<erase>` of a whole partition.
  PackageBuilder& erase(const std::string& partition);

  /// `<erase>` of these very sectors.
  PackageBuilder& erase(SectorRange range, std::vector<std::pair<std::string, std::string>> extra = {});

  /// `<program>` of a file of `size` bytes. The same file name means the same file.
  PackageBuilder& program(const std::string& partition, const std::string& file, std::uint64_t size);

  const firmware::Package& package() const { return package_; }

  firmware::Package& package() { return package_; }

private:
  SectorRange range_of(const std::string& partition) const;
  std::size_t file(const std::string& name, std::uint64_t size);

  firmware::Package package_;
};

/// EG25-G, firmware 30.006: its real table, sizes of a real release, and the order of the real `_update` file, which
/// leaves the boot chain blank when run from top to bottom (docs/plan.md).
PackageBuilder eg25_in_trap_order();

/// The plan that a tool without a planner follows: the commands as they stand.
Plan document_order(const firmware::Package& package);

}  // namespace modemedic::plan
