#pragma once

#include "base/error.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

/// Small files that survive a crash of this machine.
namespace modemedic {

/// Replaces a file, or makes it, as a whole: whoever reads it sees the old bytes or the new ones, never a part. The
/// folder is made when it isn't there. Only its owner may read it.
/// @return Code::io, Code::permission
Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes);

/// At most `most` bytes from the beginning of a file. No link is followed, no device or pipe waited for.
/// @return Code::io, Code::permission
Result<std::string> read_beginning(const std::filesystem::path& path, std::size_t most);

/// The name of a new file survives a crash only when its folder has been written, too.
void sync_folder(const std::filesystem::path& folder);

}  // namespace modemedic
