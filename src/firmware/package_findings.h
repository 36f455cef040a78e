#pragma once

#include "firmware/package.h"

#include <string_view>
#include <vector>

namespace modemedic::firmware {

/// Adds what a person should know about a package that is whole: erases and programs of what belongs to the module,
/// a document order that would leave the boot chain blank, elements for the vendor's own programmer, images that do not
/// look like what their partition holds, files that md5.txt does not vouch for.
void add_findings(Package& package);

/// What running the file's commands from top to bottom would leave blank though an image was written there: the
/// partitions' names. Empty for a file without that trap.
std::vector<std::string> blank_after_document_order(const Package& package);

}  // namespace modemedic::firmware
