#pragma once

#include "firmware/contents_xml.h"
#include "firmware/package.h"

#include <string>
#include <vector>

namespace modemedic::firmware {

/// Sets package.chip from the programmer's name and contents.xml: "prog_nand_firehose_9x07.mbn", "MDM9607" -> "9x07".
void set_chip(Package& package, const Contents& contents);

/// Sets package.signing from the programmer and the images that are programmed, and tells of what is odd about it.
void set_signing(Package& package);

/// Sets package.revision and its evidence. The images speak first: a short name from the modem image, the full one from
/// the system image when it is the same one with a sub-version. Where they are silent, the names of folder and archive
/// do. What contradicts itself gives a finding and no revision: unknown, never a guess.
/// @param found  of each of package.files, the revision names found in it
void set_revision(Package& package, const std::vector<std::vector<std::string>>& found);

}  // namespace modemedic::firmware
