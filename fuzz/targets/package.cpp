// A whole package in an archive: layout, digests, commands, tables, images, findings.

#include "firmware/package.h"

#include "firmware/package_use.h"
#include "fuzz_target.h"

using namespace modemedic;
using namespace modemedic::firmware;

MODEMEDIC_FUZZ(package) {
  fuzz::PrintableEvents events;
  auto package = read_package(fuzz::file_with(bytes), {}, events);
  if (!package) {
    fuzz::must(!package.error().what.empty() && !package.error().hint.empty(),
               "an error says what happened, and what "
               "to do");
    return;
  }
  for (const auto& image : package->images) {
    fuzz::must(image.file < package->files.size(), "an image has a file");
    fuzz::must(package->kind == PackageKind::streaming ||
                   package->geometry.sectors_for(package->file(image).size) <= image.range.count,
               "an image fits");
    fuzz::must(package->kind == PackageKind::streaming || image.range.end() <= package->geometry.chip_sectors(),
               "an image is on the chip");
  }
  fuzz::must(partition_fates(*package).size() == package->table.size(), "every partition has a fate");
}
