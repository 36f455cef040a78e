#pragma once

#include "firmware/file_scan.h"
#include "firmware/package.h"

#include <string>
#include <vector>

namespace modemedic::firmware {

/// Adds what a person should know about a package that is whole: erases and programs of what belongs to the module,
/// a document order that would leave the boot chain blank, elements for the vendor's own programmer, erases over each
/// other, files that md5.txt does not vouch for.
/// Then what add_image_findings() adds.
/// @param facts  of each of package.files
void add_findings(Package& package, const std::vector<FileFacts>& facts);

/// Adds what the bytes of the images tell: not what their partition must hold, made for another chip, not whole.
void add_image_findings(Package& package, const std::vector<FileFacts>& facts);

/// Adds how another table of the package stands to its MIBIB: names in their order, and sizes.
/// @param file  the name of what the table was read from
void compare_tables(Package& package, const std::vector<UserPartition>& listed, const std::string& file);

/// What running the file's commands from top to bottom would leave blank though an image was written there: the
/// partitions' names. Empty for a file without that trap.
std::vector<std::string> blank_after_document_order(const Package& package);

}  // namespace modemedic::firmware
