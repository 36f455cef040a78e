// rawprogram_nand_*.xml, with the geometry that follows from it.

#include "firmware/rawprogram.h"

#include "firmware/package_geometry.h"
#include "fuzz_target.h"

using namespace modemedic;
using namespace modemedic::firmware;
using modemedic::fuzz::must;

MODEMEDIC_FUZZ(rawprogram) {
  const std::string name = "rawprogram_nand_p2K_b128K_update.xml";
  auto commands = parse_rawprogram(bytes, name);
  auto header = parse_raw_header(bytes, name);
  if (!commands || !header) {
    return;
  }
  must(!commands->empty(), "a file without commands is refused");
  auto geometry = geometry_of(*commands, *header, name);
  if (!geometry || !check_ranges(*commands, *geometry, name)) {
    return;
  }
  must(geometry->page_size == 2048 && geometry->block_size() == 128_KiB, "the geometry is that of the name");
  for (const auto& command : *commands) {
    must(erases_whole_chip(command, *geometry) || command.range.end() <= geometry->chip_sectors(),
         "a command is on the chip");
    must(command.kind == RawCommand::Kind::erase || !command.filename.empty(), "a program names a file");
  }
}
