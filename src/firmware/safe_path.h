#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

/// The one place that decides which paths a package may hold or name.
namespace modemedic::firmware {

/// A path as an archive, md5.txt or a rawprogram file spells it, made fit to compare and to print: '\' becomes '/',
/// "." and empty parts go, bytes that are not printable UTF-8 become %XX.
/// @return Code::package_bad for one that climbs out with "..", is absolute, has a drive letter, holds NUL or other
///         control characters, or is longer than 1024 bytes, 255 in one part, or 32 parts
Result<std::string> safe_path(std::string_view raw);

/// The path that `relative`, found in a file of `folder`, means. Its ".." may climb, but not out of the root.
/// @param folder  safe, "update/firehose" or ""
/// @return Code::package_bad as safe_path does
Result<std::string> resolve_path(std::string_view folder, std::string_view relative);

/// ASCII letters in lower case: packages are made on a system that does not tell `MD5.TXT` from `md5.txt`.
std::string fold_case(std::string_view path);

/// "update/firehose" of "update/firehose/a.xml", "" of "a.xml".
std::string_view folder_of(std::string_view path);

/// "a.xml" of "update/firehose/a.xml".
std::string_view last_part(std::string_view path);

}  // namespace modemedic::firmware
