#include "knowledge/symptoms.h"

#include "base/bytes.h"
#include "knowledge/embedded_data.h"
#include "knowledge/toml_reader.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

namespace modemedic::knowledge {

namespace {

constexpr std::array<std::pair<std::string_view, SymptomSeverity>, 3> severities = {
    {{"healthy", SymptomSeverity::healthy}, {"act", SymptomSeverity::act}, {"unclear", SymptomSeverity::unclear}}};

void read_when(TomlReader& row, Symptom& symptom) {
  auto when = row.table("when");
  for (const auto& [fact, words] : fact_words()) {
    if (!when.has(fact)) {
      continue;
    }
    auto& wanted = symptom.when[fact];
    when.each_text(fact, [&, &of = fact, &known = words](const std::string& word) {
      if (std::ranges::find(known, word) == known.end()) {
        when.complain(of, "can't be " + word);
      }
      wanted.push_back(word);
    });
  }
  when.done();
}

Symptom read_symptom(TomlReader& row) {
  Symptom symptom;
  symptom.id = row.text("id");
  auto word = row.text("severity");
  const auto* severity = std::ranges::find(severities, word, &std::pair<std::string_view, SymptomSeverity>::first);
  if (severity == severities.end()) {
    row.complain("severity", "is none that is known");
  } else {
    symptom.severity = severity->second;
  }
  symptom.beside = row.has("beside") && row.flag("beside");
  symptom.instead_of = row.text_or("instead_of", "");
  read_when(row, symptom);
  symptom.verdict = row.text("verdict");
  symptom.why = row.text("why");
  row.each_text("do", [&](const std::string& text) { symptom.todo.push_back(text); });
  row.each_text("dont", [&](const std::string& text) { symptom.dont.push_back(text); });
  row.text("evidence");
  row.text("source");
  row.done();
  return symptom;
}

bool fits(const Symptom& symptom, const Facts& facts) {
  return std::ranges::all_of(symptom.when, [&](const auto& condition) {
    auto fact = facts.find(condition.first);
    return fact != facts.end() && std::ranges::find(condition.second, fact->second) != condition.second.end();
  });
}

/// Whenever `later` fits, `earlier` does.
bool shadows(const Symptom& earlier, const Symptom& later) {
  return std::ranges::all_of(earlier.when, [&](const auto& condition) {
    auto same = later.when.find(condition.first);
    return same != later.when.end() && std::ranges::all_of(same->second, [&](const auto& word) {
             return std::ranges::find(condition.second, word) != condition.second.end();
           });
  });
}

}  // namespace

const std::map<std::string, std::vector<std::string>, std::less<>>& fact_words() {
  static const std::map<std::string, std::vector<std::string>, std::less<>> words{
      {"state", {"none", "running", "edl", "boot_mode", "download", "dump", "fastboot", "not_ours"}},
      {"obstacle", {"none", "permission", "busy", "gone"}},  // to opening its port
      {"answer", {"AT", "DIAG", "Sahara", "Firehose", "fastboot", "DLOAD", "streaming loader", "none"}},
      {"at", {"answers", "silent", "missing"}},  // missing: the composition shows none
      {"diag", {"answers", "silent", "missing"}},
      {"revision", {"told", "not-ready", "untold"}},
      {"imei", {"told", "untold"}},
      {"cfun", {"0", "1", "4", "5", "7", "other"}},
      {"sim", {"ready", "missing", "locked", "failing"}},
      {"chip", {"known", "unknown"}},  // its HWID is one of data/chips.toml; missing: it told none
      {"crashed", {"yes", "no"}},      // it offers its memory for debugging
      {"speed", {"full", "high"}},
      {"loop", {"yes", "no"}},                       // it came and went again and again
      {"bus", {"quiet", "errors"}},                  // of the kernel log: descriptors that can't be read
      {"job", {"none", "cut", "passed", "failed"}},  // the last flash of this modem
      {"backup", {"none", "there"}},                 // of what is this module's own
      {"fastboot-before", {"yes", "no"}},            // it was in fastboot on an earlier day
  };
  return words;
}

const std::vector<Symptom>& symptoms() {
  static const auto rows = [] {
    auto parsed = parse_symptoms(embedded("symptoms.toml"));
    return parsed ? std::move(*parsed) : std::vector<Symptom>();  // a test reads them
  }();
  return rows;
}

Diagnosis diagnose(const Facts& facts) {
  static const Symptom nothing{
      "no-rows", SymptomSeverity::unclear, {}, false, {}, "this cannot be told", "no row speaks", {}, {}};
  Diagnosis diagnosis;
  std::set<std::string> silent;
  for (const auto& symptom : symptoms()) {
    if (!fits(symptom, facts) || silent.contains(symptom.id)) {
      continue;
    }
    silent.insert(symptom.instead_of);
    if (diagnosis.verdict == nullptr) {
      diagnosis.verdict = &symptom;
    } else if (symptom.beside) {
      diagnosis.besides.push_back(&symptom);
    }
  }
  if (diagnosis.verdict == nullptr) {
    diagnosis.verdict = &nothing;
  }
  return diagnosis;
}

Result<std::vector<Symptom>> parse_symptoms(std::string_view toml) {
  std::vector<Symptom> rows;
  auto problem = read_toml(toml, [&](TomlReader& root) {
    root.each_table("symptom", [&](TomlReader& row) { rows.push_back(read_symptom(row)); });
    root.done();
  });
  for (std::size_t later = 0; problem.empty() && later < rows.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (rows[earlier].id == rows[later].id || (shadows(rows[earlier], rows[later]) && !rows[later].beside)) {
        problem = printable(rows[later].id) + " can never speak: " + printable(rows[earlier].id) + " comes first";
      }
    }
  }
  if (!problem.empty()) {
    return fail(Code::bug).what("data/symptoms.toml: " + problem);
  }
  return rows;
}

std::string fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& words) {
  std::string filled;
  while (!text.empty()) {
    auto open = text.find('{');
    filled += text.substr(0, open);
    if (open == std::string_view::npos) {
      break;
    }
    auto close = text.find('}', open);
    if (close == std::string_view::npos) {
      return filled.append(text.substr(open));
    }
    auto word = words.find(text.substr(open + 1, close - open - 1));
    filled += word == words.end() ? "?" : word->second;
    text = text.substr(close + 1);
  }
  return filled;
}

}  // namespace modemedic::knowledge
