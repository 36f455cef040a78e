#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <string>

namespace modemedic::firmware {

/// Looks at the index of a .7z before libarchive does, which allocates by the counts that it finds there: a file of 100
/// bytes can make it take a gigabyte. Format: 7zFormat.txt of the LZMA SDK (public domain).
/// @param file  open, its position is left alone
/// @param label  how errors name it
/// @return Code::package_bad: index over 8 MiB, more than 100,000 files or streams, a dictionary over 256 MiB, a cut
/// file
Result<void> check_seven_zip(int file, const std::string& label);

}  // namespace modemedic::firmware
