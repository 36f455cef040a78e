#pragma once

#include "base/error.h"
#include "firmware/file_scan.h"
#include "firmware/package.h"

#include <vector>

namespace modemedic::firmware {

/// Links the images of a 9x15 package to the partitions that their names stand for. There is no file that says what
/// belongs where, and no md5.txt.
/// @return Code::package_bad: an image is missing, empty, or there twice
Result<void> link_streaming_images(Package& package);

/// What a person should know about it: nothing vouches for its files, so what can be told from their bytes and from
/// partition.mbn is.
/// @param facts  of each of package.files
void add_streaming_findings(Package& package, const std::vector<FileFacts>& facts);

}  // namespace modemedic::firmware
