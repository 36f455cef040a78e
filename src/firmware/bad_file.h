#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <string>
#include <string_view>

namespace modemedic::firmware {

/// The failure of a package's own file that does not hold what it must.
inline Failure bad_file(std::string_view file, std::string_view what) {
  return fail(Code::package_bad)
      .what(printable(file) + ": " + std::string(what))
      .hint("download the package again; if it stays so, the package itself is wrong: ask the vendor");
}

}  // namespace modemedic::firmware
