#pragma once

#include "base/error.h"
#include "firmware/package.h"

namespace modemedic::firmware {

/// Links each program of package.commands to the file it means, by the backslash path relative to the rawprogram
/// file's folder. package.files, commands, rawprogram and geometry must be there.
/// @return Code::package_bad: a file is missing, empty or larger than its partition, or the path leaves the package
Result<void> link_images(Package& package);

/// Reads the partition table (MIBIB) that the package brings and names each image's partition from it.
/// @return Code::package_bad: no table or a wrong one, or a program that is for no single partition of it
Result<void> link_table(Package& package);

}  // namespace modemedic::firmware
