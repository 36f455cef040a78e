#pragma once

#include "base/descriptor.h"
#include "base/error.h"
#include "firmware/source.h"

#include <cstddef>
#include <stop_token>

namespace modemedic::firmware {

/// The most that is unpacked to disk: an archive in an archive. The largest package seen has about 300 MB.
constexpr std::uint64_t largest_inner_archive = std::uint64_t{1} << 30U;

/// Unpacks one file of a source into a file without a name, so that nothing is left of it however we end. It lies in
/// TMPDIR, else in /tmp, readable by nobody else.
/// @return Code::package_bad: larger than largest_inner_archive, cut, damaged; Code::io: no room; Code::interrupted
Result<Descriptor> unpack_to_temporary_file(Source& source, std::size_t index, const std::stop_token& stop);

}  // namespace modemedic::firmware
