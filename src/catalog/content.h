#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "base/events.h"
#include "firmware/package.h"

#include <filesystem>
#include <stop_token>

namespace modemedic::catalog {

/// One digest for all that is in a package, whether it lies in a folder or in an archive: the SHA-256 of what
/// `sha256sum` says of its files, sorted by their paths. Anybody can compute it, in the package's own folder:
///
///     find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum
///
/// Reads the package once more; bytes that are not those of its verified pass fail it.
/// @return Code::package_bad, Code::io, Code::interrupted
Result<Sha256> content_digest(const firmware::Package& package, Events& events, const std::stop_token& stop);

/// The same, and writes the files below a folder that is there and empty.
/// @return also Code::permission
Result<Sha256> copy_content(const firmware::Package& package, const std::filesystem::path& folder, Events& events,
                            const std::stop_token& stop);

}  // namespace modemedic::catalog
