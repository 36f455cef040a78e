#include "app/commands/commands.h"
#include "app/revision_option.h"
#include "virtual/generator.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

Result<void> virtual_package(const GenerateOptions& options, Output& output) {
  TRY_ASSIGN(auto persona, twin::find_persona(options.persona));
  TRY_ASSIGN(auto revision, revision_option(options.revision.empty() ? persona.revision : options.revision));
  twin::GeneratorOptions generator;
  generator.scale = options.small ? twin::Scale::small : twin::Scale::real;
  generator.qdl_form = options.qdl_form;
  TRY_ASSIGN(auto files, twin::generate_package(persona, revision, generator));
  TRY(twin::write_package(files, options.out));
  std::uint64_t size = 0;
  for (const auto& file : files) {
    size += file.size;
  }
  output.object("package",
                {{"path", options.out}, {"revision", revision.text}, {"files", files.size()}, {"size", size}});
  output.line(fmt::format("{}: {} for {}, {} files, {}", options.out, revision.text, persona.product, files.size(),
                          human_size(size)));
  return {};
}

}  // namespace modemedic::app
