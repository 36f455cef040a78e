#pragma once

#include "firmware/contents_xml.h"
#include "firmware/file_scan.h"
#include "firmware/package.h"

#include <vector>

namespace modemedic::firmware {

/// Sets package.chip from what names it: the programmer's certificate, contents.xml, the programmer's name, the images'
/// names. What contradicts itself gives a finding and no chip: unknown, never a guess.
void set_chip(Package& package, const Contents& contents);

/// Sets package.signing from the programmer and the images that are programmed, and tells of what is odd about it.
void set_signing(Package& package);

/// Sets package.maker from the revision and from the marks that other vendors leave in their images.
/// @param facts  of each of package.files
void set_maker(Package& package, const std::vector<FileFacts>& facts);

/// Sets package.revision and its evidence. The images speak first: a short name from the modem image, the full one from
/// the system image when it is the same one with a sub-version. Where they are silent, the names of folder and archive
/// do. What contradicts itself gives a finding and no revision: unknown, never a guess.
/// @param facts  of each of package.files
void set_revision(Package& package, const std::vector<FileFacts>& facts);

}  // namespace modemedic::firmware
