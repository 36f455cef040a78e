#pragma once

#include "firmware/revision.h"
#include "virtual/generator.h"
#include "virtual/package_family.h"
#include "virtual/persona.h"

#include <string>
#include <vector>

/// The text files of a generated package, with the traps and oddities of real ones (facts: packages.md).
namespace modemedic::twin {

/// rawprogram_nand_*_update.xml **in the trap order**: run top to bottom it leaves the boot chain blank.
std::string rawprogram_text(const Persona& persona, bool qdl_form);

/// patch_*.xml: patches the partition file, which is patched already; nothing of it is for the modem.
std::string patch_text(const Persona& persona);

/// partition_nand.xml: the table that partition.mbn was made of.
std::string partition_nand_text(const Persona& persona);

/// contents.xml, with BOM and CRLF.
std::string contents_text(const std::vector<std::string>& paths, const PackageFamily& family);

/// A one-page PDF with one line.
std::string release_notes_pdf(const firmware::Revision& revision);

/// md5.txt over `files`: CRLF, backslashes, upper case, and a targetfiles.zip that is never shipped. Its size is known
/// at once, the digests are computed when it is written.
GeneratedFile md5_list(std::vector<GeneratedFile> files);

}  // namespace modemedic::twin
