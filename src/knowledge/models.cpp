#include "knowledge/models.h"

#include "knowledge/toml_rows.h"

#include <algorithm>

namespace modemedic::knowledge {

Result<std::vector<Model>> parse_models(std::string_view toml) {
  TRY_ASSIGN(auto rows, TomlRows::read("models.toml", toml, {"model"}));
  std::vector<Model> models;
  for (const auto& row : rows.of("model")) {
    TomlRow keys(row, "models.toml");
    Model model;
    model.name = keys.text("name").value_or("");
    model.vid = keys.u16("vid").value_or(0);
    model.pids = keys.u16s("pids");
    model.family = keys.text("family").value_or("");
    model.maker = keys.text("maker").value_or("");
    for (const auto* prose : {"covers", "evidence", "source"}) {
      keys.required(prose);
    }
    for (const auto* needed : {"name", "vid", "pids", "family"}) {
      keys.required(needed);
    }
    TRY(keys.done());
    models.push_back(std::move(model));
  }
  return models;
}

const std::vector<Model>& models() {
  static const auto rows = parse_models(embedded("models.toml")).value_or(std::vector<Model>{});
  return rows;
}

const Model* find_model(std::uint16_t vid, std::uint16_t pid) {
  const auto& all = models();
  auto found = std::find_if(all.begin(), all.end(), [vid, pid](const Model& model) {
    return model.vid == vid && std::find(model.pids.begin(), model.pids.end(), pid) != model.pids.end();
  });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace modemedic::knowledge
