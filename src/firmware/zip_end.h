#pragma once

#include "base/error.h"

#include <string>

namespace modemedic::firmware {

/// A .zip ends with its directory (APPNOTE.TXT 4.3.16, end of central directory record). One that was cut in a
/// download has none, and libarchive only says that it does not know the format.
/// @param file  open, its position is left alone
/// @param label  how errors name it
/// @return Code::package_bad when the file has no such end
Result<void> check_zip_end(int file, const std::string& label);

}  // namespace modemedic::firmware
