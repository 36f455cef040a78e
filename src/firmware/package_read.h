#pragma once

#include "base/error.h"
#include "base/events.h"
#include "firmware/md5_list.h"
#include "firmware/package.h"
#include "firmware/package_layout.h"

#include <string>
#include <vector>

namespace modemedic::firmware {

/// What the one pass over all bytes of a package brings.
struct ReadFiles {
  std::vector<PackageFile> files;                   ///< as layout.paths
  std::vector<std::vector<std::string>> revisions;  ///< of each: the revision names found in it (UBI images only)
};

/// Reads every file of the package once: digest, head, small files whole, revision names in the images.
/// @return Code::package_bad (archive cut, CRC wrong, a file changed under us), Code::io
Result<ReadFiles> read_files(Source& source, const PackageLayout& layout, Events& events);

/// Compares every file with md5.txt, sets its status and tells what the list names but the package has not.
/// @param list  nullptr when there is no md5.txt
/// @return Code::package_bad naming the first file whose digest differs
Result<void> check_digests(Package& package, const Md5List* list);

}  // namespace modemedic::firmware
