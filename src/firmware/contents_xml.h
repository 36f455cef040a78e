#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <string>

namespace modemedic::firmware {

/// What contents.xml says of the package's making.
struct Contents {
  std::string chipid;        ///< "MDM9607"; empty when it says none
  std::string product_name;  ///< "MDM9607.LE.1.0"
};

/// @param file  the file's name, for the error
/// @return Code::package_bad when it is not well-formed
Result<Contents> parse_contents(ByteView xml, const std::string& file);

}  // namespace modemedic::firmware
