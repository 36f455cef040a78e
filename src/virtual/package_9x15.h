#pragma once

#include "firmware/revision.h"
#include "virtual/generator.h"
#include "virtual/persona.h"

#include <string>
#include <vector>

/// Packages for a 9x15, with the files and sizes of a real release (facts: dload-streaming.md): no md5.txt, no
/// contents.xml, nothing that says what belongs where.
namespace modemedic::twin {

std::vector<GeneratedFile> files_9x15(const Persona& persona, const firmware::Revision& revision,
                                      const GeneratorOptions& options);

/// partition.mbn with the sizes that the persona's partitions have, each with a block to spare in them.
Buffer user_table_9x15(const Persona& persona);

/// What stands in a partition when it comes from the factory.
struct FactoryImage {
  std::string partition;
  GeneratedFile content;  ///< pages as they are on the chip: without spare areas
};

std::vector<FactoryImage> factory_images_9x15(const Persona& persona, const firmware::Revision& revision, Scale scale);

}  // namespace modemedic::twin
