#include "knowledge/at_advice.h"

#include "knowledge/embedded_data.h"
#include "knowledge/toml_reader.h"

#include <algorithm>

namespace modemedic::knowledge {

namespace {

AtAdvice read_advice(TomlReader& row) {
  AtAdvice advice;
  advice.id = row.text("id");
  row.each_text("commands", [&](const std::string& command) { advice.commands.push_back(command); });
  advice.because = row.text("because");
  advice.next = row.text("next");
  advice.awaits = row.text_or("awaits", "");
  advice.leaves = row.has("leaves") && row.flag("leaves");
  advice.refused = row.has("refused") && row.flag("refused");
  for (const auto* prose : {"evidence", "source"}) {
    row.text(prose);
  }
  return advice;
}

/// The commands of a line, in capitals and without blanks: "at +cfun = 1; +x" is "+CFUN=1" and "+X". A ';' inside
/// quotes belongs to its command.
std::vector<std::string> commands_of(std::string_view line) {
  std::vector<std::string> commands(1);
  auto quoted = false;
  for (auto c : line) {
    quoted = c == '"' ? !quoted : quoted;
    if (c == ';' && !quoted) {
      commands.emplace_back();
    } else if (c > ' ') {
      commands.back() += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  if (commands.front().starts_with("AT")) {
    commands.front().erase(0, 2);
  }
  return commands;
}

const AtAdvice* advice_for(std::string_view command) {
  auto begins = [&](const std::string& beginning) { return command.starts_with(beginning); };
  auto found =
      std::ranges::find_if(at_advice(), [&](const AtAdvice& row) { return std::ranges::any_of(row.commands, begins); });
  return found == at_advice().end() ? nullptr : &*found;
}

}  // namespace

Result<std::vector<AtAdvice>> parse_at_advice(std::string_view toml) {
  std::vector<AtAdvice> rows;
  auto problem = read_toml(toml, [&](TomlReader& root) {
    root.each_table("advice", [&](TomlReader& row) { rows.push_back(read_advice(row)); });
    root.done();
  });
  if (!problem.empty()) {
    return fail(Code::bug).what("at-commands.toml: " + problem);
  }
  return rows;
}

const std::vector<AtAdvice>& at_advice() {
  static const auto rows = parse_at_advice(embedded("at-commands.toml")).value_or(std::vector<AtAdvice>{});
  return rows;
}

const AtAdvice* find_at_advice(std::string_view command) {
  const AtAdvice* first = nullptr;
  for (const auto& one : commands_of(command)) {
    const auto* advice = advice_for(one);
    if (advice != nullptr && advice->refused) {
      return advice;
    }
    first = first == nullptr ? advice : first;
  }
  return first;
}

}  // namespace modemedic::knowledge
