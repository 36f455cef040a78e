#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "firmware/partition_mbn.h"

#include <string>
#include <vector>

namespace modemedic::firmware {

/// partition_nand.xml: the same table as partition.mbn, for people and for the makers' tools. Nothing of a flash comes
/// from it; it shows whether a package's tables belong together.
/// @param file  its name, for the error
/// @return Code::package_bad: not well-formed, no partition, a number that is none
Result<std::vector<UserPartition>> parse_partition_nand(ByteView xml, const std::string& file);

}  // namespace modemedic::firmware
