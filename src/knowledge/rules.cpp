#include "knowledge/rules.h"

#include "knowledge/embedded_data.h"
#include "knowledge/toml_reader.h"

#include <algorithm>
#include <array>
#include <utility>

namespace modemedic::knowledge {

namespace {

template <typename Value, std::size_t size>
using Names = std::array<std::pair<std::string_view, Value>, size>;

constexpr Names<Severity, 4> severities = {
    {{"allow", Severity::allow}, {"warn", Severity::warn}, {"stop", Severity::stop}, {"refuse", Severity::refuse}}};

/// What may stand behind `differ`.
constexpr Names<Fact, 9> differences = {{{"order_code", Fact::order_code},
                                         {"memory", Fact::memory},
                                         {"baseline", Fact::baseline},
                                         {"channel", Fact::channel},
                                         {"ocpu", Fact::ocpu},
                                         {"build", Fact::build},
                                         {"chip", Fact::chip},
                                         {"geometry", Fact::geometry},
                                         {"partition_table", Fact::partition_table}}};

/// What may stand behind `trait`.
constexpr Names<Fact, 3> traits = {
    {{"foreign_chip", Fact::foreign_chip}, {"foreign_maker", Fact::foreign_maker}, {"fused", Fact::fused}}};

template <typename Value, std::size_t size>
Value read_name(TomlReader& row, std::string_view key, const Names<Value, size>& names) {
  auto text = row.text(key);
  auto found = std::ranges::find(names, text, &std::pair<std::string_view, Value>::first);
  if (found == names.end()) {
    row.complain(key, "is none that is known");
    return names.front().second;
  }
  return found->second;
}

bool flag_or_not(TomlReader& row, std::string_view key) {
  return row.has(key) && row.flag(key);
}

void read_texts(TomlReader& row, std::string_view key, std::vector<std::string>& into) {
  if (row.has(key)) {
    row.each_text(key, [&](const std::string& text) { into.push_back(text); });
  }
}

NamePattern read_pattern(TomlReader& row, std::string_view key) {
  auto keys = row.table(key);
  NamePattern pattern;
  pattern.order_code = keys.text_or("order_code", "");
  pattern.sub_version = keys.text_or("sub_version", "");
  if (keys.has("baseline")) {
    keys.number_into("baseline", pattern.baseline.emplace());
  }
  keys.done();
  return pattern;
}

void read_path(TomlReader& row, Rule& rule) {
  rule.kind = Rule::Kind::path;
  rule.from = read_pattern(row, "from");
  rule.to_other_than = row.has("to_other_than");
  rule.to = read_pattern(row, rule.to_other_than ? "to_other_than" : "to");
  rule.either_way = flag_or_not(row, "either_way");
  if (rule.either_way && rule.to_other_than) {
    row.complain("either_way", "does not go with to_other_than");
  }
}

/// Exactly one of: differ, trait, from, found.
void read_kind(TomlReader& row, Rule& rule) {
  auto kinds = 0;
  for (const auto* key : {"differ", "trait", "from", "found"}) {
    kinds += row.has(key) ? 1 : 0;
  }
  if (kinds != 1) {
    row.complain("id", "has not exactly one of differ, trait, from, found");
  } else if (row.has("from")) {
    read_path(row, rule);
  } else if (row.has("found")) {
    row.flag("found");
    return;
  } else {
    rule.kind = Rule::Kind::compares;
    rule.fact = row.has("differ") ? read_name(row, "differ", differences) : read_name(row, "trait", traits);
  }
  rule.says = row.text("says");
}

Rule read_rule(TomlReader& row) {
  Rule rule;
  rule.id = row.text("id");
  rule.severity = read_name(row, "severity", severities);
  read_kind(row, rule);
  rule.ask_chip = flag_or_not(row, "ask_chip");
  rule.because = row.text("because");
  rule.allowed = row.text_or("allowed", "");
  rule.needs = row.text_or("needs", "");
  rule.evidence = row.text("evidence");
  rule.source = row.text("source");
  read_texts(row, "lifts", rule.lifts);
  if (!rule.lifts.empty() && rule.severity != Severity::allow) {
    row.complain("lifts", "is for rules that allow");
  }
  if (!rule.needs.empty() && rule.severity != Severity::stop) {
    row.complain("needs", "is for rules that stop");
  }
  return rule;
}

}  // namespace

std::string_view name(Severity severity) {
  return std::ranges::find(severities, severity, &std::pair<std::string_view, Severity>::second)->first;
}

Result<Rules> parse_rules(std::string_view toml) {
  Rules rules;
  auto problem = read_toml(toml, [&](TomlReader& root) {
    auto names = root.table("names");
    read_texts(names, "without_sub_version", rules.without_sub_version);
    names.text("evidence");
    names.text("source");
    names.done();
    root.each_table("rule", [&](TomlReader& row) { rules.rows.push_back(read_rule(row)); });
    root.done();
  });
  if (problem.empty() && find_rule(rules, "unknown") == nullptr) {
    problem = "there is no rule unknown";
  }
  if (!problem.empty()) {
    return fail(Code::bug).what("rules.toml: " + problem);
  }
  return rules;
}

const Result<Rules>& rules() {
  static const auto built_in = parse_rules(embedded("rules.toml"));
  return built_in;
}

const Rule* find_rule(const Rules& rules, std::string_view id) {
  auto found = std::ranges::find(rules.rows, id, &Rule::id);
  return found == rules.rows.end() ? nullptr : &*found;
}

}  // namespace modemedic::knowledge
