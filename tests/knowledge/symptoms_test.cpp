#include "knowledge/symptoms.h"

#include "base/bytes.h"
#include "knowledge/embedded_data.h"

#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::knowledge {
namespace {

using testing::HasSubstr;

TEST(Symptoms, TheBuiltInOnesParse) {
  auto rows = parse_symptoms(embedded("symptoms.toml"));
  ASSERT_TRUE(rows) << rows.error().what;
  EXPECT_GT(rows->size(), 25U);
  for (const auto& row : *rows) {
    EXPECT_FALSE(row.when.empty()) << row.id;
    EXPECT_TRUE(row.severity != SymptomSeverity::act || !row.todo.empty()) << row.id << " says to act, and not how";
  }
}

/// Some facts for which the row speaks: as verdict, or for a row that is told besides, at all.
TEST(Symptoms, EachCanSpeak) {
  for (const auto& row : symptoms()) {
    Facts facts;
    for (const auto& [fact, words] : row.when) {
      facts[fact] = words.front();
    }
    auto diagnosis = diagnose(facts);
    auto besides = std::ranges::find(diagnosis.besides, &row) != diagnosis.besides.end();
    EXPECT_TRUE(diagnosis.verdict == &row || besides) << row.id << " is drowned by " << diagnosis.verdict->id;
  }
}

TEST(Symptoms, EveryModemHasAVerdict) {
  std::mt19937 random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 100000; ++i) {
    Facts facts;
    for (const auto& [fact, words] : fact_words()) {
      if (fact == "state" || random() % 3 != 0) {
        facts[fact] = words[random() % words.size()];
      }
    }
    auto diagnosis = diagnose(facts);
    ASSERT_NE(diagnosis.verdict->id, "no-rows") << facts["state"];
    seen.insert(diagnosis.verdict->id);
    auto healthy = diagnosis.verdict->severity == SymptomSeverity::healthy;
    ASSERT_TRUE(!healthy || (facts["state"] == "running" && facts["imei"] == "told" && facts["cfun"] == "1"));
  }
  seen.insert(diagnose({{"state", "running"},
                        {"obstacle", "none"},
                        {"at", "answers"},
                        {"answer", "AT"},
                        {"revision", "told"},
                        {"imei", "told"},
                        {"cfun", "1"},
                        {"sim", "ready"},
                        {"speed", "high"},
                        {"loop", "no"}})
                  .verdict->id);  // health is too rare to be drawn
  EXPECT_EQ(seen.size(), symptoms().size()) << "a verdict that no facts lead to";
}

TEST(Symptoms, TellsWhatIsWrongBesides) {
  auto diagnosis = diagnose({{"state", "running"},
                             {"at", "answers"},
                             {"imei", "untold"},
                             {"cfun", "5"},
                             {"sim", "missing"},
                             {"revision", "told"},
                             {"speed", "high"}});
  EXPECT_EQ(diagnosis.verdict->id, "imei-lost");
  ASSERT_EQ(diagnosis.besides.size(), 2U);
  EXPECT_EQ(diagnosis.besides[0]->id, "cfun-5");
  EXPECT_EQ(diagnosis.besides[1]->id, "sim-missing");
}

TEST(Symptoms, RefusesRowsThatDoNotHoldTogether) {
  auto row = [](const std::string& id, const std::string& when) {
    return "[[symptom]]\nid = \"" + id + "\"\nseverity = \"act\"\nwhen = " + when +
           "\nverdict = \"v\"\nwhy = \"w\"\ndo = [\"d\"]\ndont = []\nevidence = \"e\"\nsource = \"s\"\n";
  };
  EXPECT_TRUE(parse_symptoms(row("a", R"({ state = ["edl"] })")));
  auto expect_bad = [&](const std::string& toml, const std::string& word) {
    auto parsed = parse_symptoms(toml);
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().what, HasSubstr(word));
  };
  expect_bad(row("a", R"({ state = ["asleep"] })"), "asleep");
  expect_bad(row("a", R"({ mood = ["bad"] })"), "mood");
  expect_bad(row("a", R"({ state = ["edl"] })") + row("a", R"({ state = ["dump"] })"), "can never speak");
  expect_bad(row("a", R"({ state = ["edl"] })") + row("b", R"({ state = ["edl"], at = ["silent"] })"),
             "can never speak");
  // Found by fuzzing: what is quoted of a table could not be printed.
  for (const auto& odd : {std::string("\\u001B[2J"), std::string("\\u00e9")}) {
    for (const auto& bad : {row("a", "{ \"" + odd + "\" = [\"x\"] }"),
                            row(odd, R"({ state = ["edl"] })") + row(odd, R"({ state = ["edl"] })"),
                            "\"" + odd + "\" = 1\n", std::string("a = \x1b")}) {
      auto parsed = parse_symptoms(bad);
      ASSERT_FALSE(parsed) << bad;
      EXPECT_EQ(parsed.error().what, printable(parsed.error().what, 1000));
    }
  }
}

/// A row of the table in docs/doctor.md.
std::string documented(const Symptom& symptom) {
  std::string when;
  for (const auto& [fact, words] : symptom.when) {
    when += when.empty() ? "" : ", ";
    when += fact;
    for (const auto& word : words) {
      when += (&word == &words.front() ? " " : "/") + word;
    }
  }
  return "| `" + symptom.id + "` | " + symptom.verdict + " | " + when + (symptom.beside ? " (beside)" : "") + " |\n";
}

TEST(Symptoms, AreToldInTheDocumentationAsTheyAre) {
  std::ifstream file(MODEMEDIC_SOURCE "/docs/doctor.md");
  std::stringstream page;
  page << file.rdbuf();
  std::string table;
  for (const auto& symptom : symptoms()) {
    table += documented(symptom);
  }
  auto heading = std::string("| Row | Verdict | When |\n|---|---|---|\n");
  EXPECT_THAT(page.str(), HasSubstr(heading + table)) << "the table should be\n" << table;
}

TEST(Symptoms, FillsItsTexts) {
  EXPECT_EQ(fill("flash {package} at {port}", {{"package", "fw.zip"}, {"port", "1-1"}}), "flash fw.zip at 1-1");
  EXPECT_EQ(fill("{nobody} {", {{"a", "b"}}), "? {");
  EXPECT_EQ(fill("{a}", {{"a", "{a}"}}), "{a}") << "what is filled in is not read again";
}

}  // namespace
}  // namespace modemedic::knowledge
