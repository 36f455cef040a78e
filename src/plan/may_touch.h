#pragma once

#include "base/error.h"
#include "firmware/package.h"

namespace modemedic::plan {

/// Does the package ask only for what a flash may do? Erases and programs on whole partitions of its own table, one
/// image each, none of them a partition that belongs to the module (EFS2, …), never the whole chip; SBL and MIBIB
/// among them.
/// @return Code::refused with rule `erase-all`, `efs` or `partition`; Code::package_bad
Result<void> check_may_touch(const firmware::Package& package);

}  // namespace modemedic::plan
