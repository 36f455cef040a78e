#pragma once

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"

#include <map>
#include <string>
#include <string_view>

namespace modemedic::firmware {

/// The md5.txt of a package: which digest each file must have.
struct Md5List {
  struct Line {
    std::string path;  ///< safe, relative to md5.txt's folder: "update/sbl1.mbn"
    Md5 md5{};
  };

  std::map<std::string, Line> lines;  ///< by the path in lower case

  /// The line for a file, in any case of letters; nullptr when there is none.
  const Line* find(std::string_view path) const;
};

/// Parses `VERSION:1.0`, `FILE:START`, `FILE:\path:32 hex digits`…, `FILE:END`; CRLF or LF, a BOM, empty lines.
/// @param file  its name, for the error
/// @return Code::package_bad naming the first line at fault; also when FILE:END is missing, since the list was cut
Result<Md5List> parse_md5_list(ByteView text, const std::string& file);

}  // namespace modemedic::firmware
