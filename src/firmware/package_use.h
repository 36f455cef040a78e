#pragma once

#include "firmware/package.h"
#include "firmware/package_layout.h"
#include "firmware/partition_role.h"

#include <vector>

namespace modemedic::firmware {

/// Says of each file what a flash needs it for.
void set_uses(Package& package, const PackageLayout& layout);

/// What a flash of this package makes of one partition of the table it brings.
struct PartitionFate {
  enum class Kind {
    stays,
    erased,   ///< and not written: it ends blank
    written,  ///< erased and written
  };

  const Partition* partition;
  Role role = Role::plain;
  Kind kind = Kind::stays;
  const PackageFile* image = nullptr;  ///< of a written one

  /// Data of this one module that nobody can make again.
  bool is_lost_for_ever() const { return kind != Kind::stays && role == Role::calibrated; }
};

/// In the table's order. Empty for a package without a table (streaming).
std::vector<PartitionFate> partition_fates(const Package& package);

}  // namespace modemedic::firmware
