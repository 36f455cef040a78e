#include "app/commands/commands.h"
#include "app/revision_option.h"
#include "virtual/generator.h"
#include "virtual/package_dfota.h"
#include "virtual/package_family.h"

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
  std::string as;  ///< a chip family, "dfota", "simcom"; empty: what the persona is
  bool factory_too = false;
};

constexpr auto delta = "dfota";
constexpr auto foreign = "simcom";

/// What --as takes: the chip families, and what is no Quectel package to be flashed.
std::vector<std::string> shapes() {
  std::vector<std::string> names = {delta, foreign};
  for (const auto& family : twin::package_families()) {
    names.emplace_back(family.chip);
  }
  return names;
}

/// The revision that the person asked for, or the persona's; another family's own, where its package is made.
Result<firmware::Revision> revision_for(const GenerateOptions& options, const twin::Persona& persona) {
  if (!options.revision.empty()) {
    return revision_option(options.revision);
  }
  auto of_family = twin::package_family(persona.chip).revision;
  return revision_option(options.as == persona.chip && !of_family.empty() ? std::string(of_family) : persona.revision);
}

Result<void> virtual_package(const GenerateOptions& options, Output& output) {
  TRY_ASSIGN(auto persona, twin::find_persona(options.persona));
  bool other_family = !options.as.empty() && options.as != delta && options.as != foreign;
  persona.chip = other_family ? options.as : persona.chip;
  TRY_ASSIGN(auto revision, revision_for(options, persona));
  twin::GeneratorOptions generator;
  generator.scale = options.small ? twin::Scale::small : twin::Scale::real;
  generator.qdl_form = options.qdl_form;
  generator.signed_by = options.signed_by;
  generator.factory_too = options.factory_too;
  generator.other_vendor = options.as == foreign;
  TRY_ASSIGN(auto files, twin::generate_package(persona, revision, generator));
  if (options.as == delta) {
    files = twin::generate_dfota(revision, revision);
  }
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
  command
      .add_option("--as", options->as, "of another chip family with the persona's NAND, or what is no package to flash")
      ->check(CLI::IsMember(shapes()));
  command.add_flag("--factory-too", options->factory_too, "a second rawprogram file, _factory beside _update");
  command.add_flag("--qdl-form", options->qdl_form, "the XML with labels, as Debian's qdl takes it");
}

}  // namespace modemedic::app
