#include "app/commands/commands.h"
#include "virtual/persona.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

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

}  // namespace

void add_virtual_personas(Grammar& grammar, CLI::App& group) {
  grammar.command(group, "personas", "the virtual modems there are", "modemedic virtual personas",
                  [](Output& output, auto&) { return virtual_personas(output); });
}

}  // namespace modemedic::app
