#pragma once

#include "base/descriptor.h"
#include "base/error.h"
#include "firmware/source.h"

#include <memory>
#include <string>

namespace modemedic::firmware {

enum class ArchiveKind {
  zip,
  seven_zip,
  tar,  ///< also within gzip or xz
};

/// A package in an archive, read as a stream by libarchive: nothing is unpacked to disk, and no more than one block is
/// in memory (a .7z or .xz also needs its dictionary).
/// @param file  open; its position is neither used nor moved
/// @param label  how errors name it: "it", or what it is called within another archive
/// @param look  see open_source()
Result<std::unique_ptr<Source>> open_archive(Descriptor file, ArchiveKind kind, const std::string& label,
                                             FirstLook* look, const std::stop_token& stop);

}  // namespace modemedic::firmware
