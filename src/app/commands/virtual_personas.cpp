#include "app/commands/commands.h"
#include "virtual/persona.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

Result<void> virtual_personas(Output& output) {
  TRY_ASSIGN(auto all, twin::personas());
  for (const auto& persona : all) {
    output.object("persona", {{"id", persona.id},
                              {"summary", persona.summary},
                              {"chip", persona.chip},
                              {"revision", persona.revision},
                              {"page_size", persona.geometry.page_size},
                              {"block_size", persona.geometry.block_size()}});
    output.line(fmt::format("{:<10} {} ({})", persona.id, persona.summary, persona.revision));
  }
  return {};
}

}  // namespace modemedic::app
