#include "knowledge/models.h"

#include "knowledge/embedded_data.h"
#include "knowledge/toml_reader.h"

#include <algorithm>

namespace modemedic::knowledge {

namespace {

constexpr std::uint64_t largest_id = 0xFFFF;

Model read_model(TomlReader& row) {
  Model model;
  model.name = row.text("name");
  row.number_into("vid", model.vid);
  row.each_number("pids", largest_id, [&](auto pid) { model.pids.push_back(static_cast<std::uint16_t>(pid)); });
  model.family = row.text("family");
  model.maker = row.text_or("maker", "");
  for (const auto* prose : {"covers", "evidence", "source"}) {
    row.text(prose);
  }
  return model;
}

}  // namespace

Result<std::vector<Model>> parse_models(std::string_view toml) {
  std::vector<Model> models;
  auto problem = read_toml(toml, [&](TomlReader& root) {
    root.each_table("model", [&](TomlReader& row) { models.push_back(read_model(row)); });
    root.done();
  });
  if (!problem.empty()) {
    return fail(Code::bug).what("models.toml: " + problem);
  }
  return models;
}

const std::vector<Model>& models() {
  static const auto rows = parse_models(embedded("models.toml")).value_or(std::vector<Model>{});
  return rows;
}

const Model* find_model(std::uint16_t vid, std::uint16_t pid) {
  const auto& all = models();
  auto found = std::ranges::find_if(all, [vid, pid](const Model& model) {
    return model.vid == vid && std::ranges::find(model.pids, pid) != model.pids.end();
  });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace modemedic::knowledge
