#include "app/commands/commands.h"
#include "app/revision_option.h"
#include "virtual/generator.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

struct GenerateOptions {
  std::string persona;
  std::string out;
  std::string revision;
  bool small = false;
  bool qdl_form = false;
  std::string signed_by;
};

Result<void> virtual_package(const GenerateOptions& options, Output& output) {
  TRY_ASSIGN(auto persona, twin::find_persona(options.persona));
  TRY_ASSIGN(auto revision, revision_option(options.revision.empty() ? persona.revision : options.revision));
  twin::GeneratorOptions generator;
  generator.scale = options.small ? twin::Scale::small : twin::Scale::real;
  generator.qdl_form = options.qdl_form;
  generator.signed_by = options.signed_by;
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

}  // namespace

void add_virtual_package(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<GenerateOptions>();
  auto& command = grammar.command(group, "package", "make a firmware package of real shape (folder, .zip, .7z, .tar)",
                                  "modemedic virtual package eg25-g fw.zip --revision EG25GGBR07A08M2G_30.006.30.006",
                                  [options](Output& output, auto&) { return virtual_package(*options, output); });
  command.add_option("PERSONA", options->persona, "see `virtual personas`")->required();
  command.add_option("OUT", options->out, "a folder, or NAME.zip, NAME.7z, NAME.tar")->required();
  command.add_option("--revision", options->revision, "default: the persona's own");
  command.add_flag("--small", options->small, "images of a few blocks instead of real sizes");
  command.add_option("--signed-by", options->signed_by, "sign the boot images as an authority of that name");
  command.add_flag("--qdl-form", options->qdl_form, "the XML with labels, as Debian's qdl takes it");
}

}  // namespace modemedic::app
