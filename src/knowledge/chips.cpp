#include "knowledge/chips.h"

#include "knowledge/embedded_data.h"
#include "knowledge/toml_reader.h"

#include <algorithm>

namespace modemedic::knowledge {

namespace {

const std::vector<Chip>& chips() {
  static const auto rows = parse_chips(embedded("chips.toml")).value_or(std::vector<Chip>{});
  return rows;
}

}  // namespace

Result<std::vector<Chip>> parse_chips(std::string_view toml) {
  std::vector<Chip> chips;
  auto problem = read_toml(toml, [&](TomlReader& root) {
    root.each_table("chip", [&](TomlReader& row) {
      auto& chip = chips.emplace_back();
      chip.name = row.text("name");
      chip.family = row.text("family");
      row.number_into("msm_id", chip.msm_id);
      chip.unfused_key_hash = row.text("unfused_key_hash");
      row.text("evidence");
      row.text("source");
    });
    root.done();
  });
  if (!problem.empty()) {
    return fail(Code::bug).what("chips.toml: " + problem);
  }
  return chips;
}

const Chip* find_chip(std::uint64_t hwid) {
  auto found = std::ranges::find(chips(), hwid >> 32U, &Chip::msm_id);
  return found == chips().end() ? nullptr : &*found;
}

}  // namespace modemedic::knowledge
