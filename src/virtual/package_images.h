#pragma once

#include "firmware/revision.h"
#include "virtual/generator.h"
#include "virtual/persona.h"

#include <string>
#include <vector>

/// The binary files of a generated package, each with the layout and size of a real release's (facts: packages.md).
namespace modemedic::twin {

/// Which file of a package goes into which partition.
struct PlacedImage {
  std::string partition;  ///< as the persona's table spells it
  std::string path;       ///< "update/sbl1.mbn"; boot and recovery share one
};

/// Every partition that a package of this persona writes, in the table's order.
std::vector<PlacedImage> placed_images(const Persona& persona);

/// "p2K_b128K"
std::string geometry_suffix(const Geometry& geometry);

/// All binary files: images, programmers, partition tables. Their content depends on persona, revision and options
/// only.
std::vector<GeneratedFile> binary_files(const Persona& persona, const firmware::Revision& revision,
                                        const GeneratorOptions& options);

}  // namespace modemedic::twin
