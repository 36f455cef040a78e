#include "knowledge/rules.h"

#include "knowledge/chips.h"
#include "knowledge/embedded_data.h"

#include <set>

#include <gmock/gmock.h>

namespace modemedic::knowledge {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// Every rule of the facts, and how much it weighs there.
TEST(Rules, AreThoseOfTheFacts) {
  ASSERT_TRUE(rules()) << rules().error().what;
  const std::pair<const char*, Severity> known[] = {
      {"order-code", Severity::refuse},    {"memory", Severity::refuse},    {"r06-r08", Severity::refuse},
      {"baseline", Severity::stop},        {"geometry", Severity::refuse},  {"chip", Severity::refuse},
      {"vendor", Severity::refuse},        {"efs", Severity::stop},         {"erase-all", Severity::refuse},
      {"partition-table", Severity::warn}, {"ocpu", Severity::stop},        {"vendor-erase", Severity::refuse},
      {"channel-30", Severity::stop},      {"secure-boot", Severity::stop}, {"unknown", Severity::stop},
  };
  for (const auto& [id, severity] : known) {
    const auto* rule = find_rule(*rules(), id);
    ASSERT_NE(rule, nullptr) << id;
    EXPECT_EQ(rule->severity, severity) << id;
  }
}

/// What refuses without asking judge() names one of them, too.
TEST(Rules, AreAllThatARefusalNames) {
  for (const auto* id : {"bad-blocks", "chip", "dry-run", "efs", "erase-all", "method", "mode", "package", "partition",
                         "unknown", "vendor-erase"}) {
    EXPECT_NE(find_rule(*rules(), id), nullptr) << id;
  }
}

TEST(Rules, CarryTheirEvidenceAndSource) {
  const std::set<std::string> kinds = {"vendor staff", "vendor document", "vendor tool", "brick reports", "user report",
                                       "package data", "observation",     "inference",   "kernel driver"};
  for (const auto& rule : rules()->rows) {
    EXPECT_FALSE(rule.source.empty()) << rule.id;
    EXPECT_FALSE(rule.because.empty()) << rule.id;
    auto strongest = rule.evidence.substr(0, rule.evidence.find(';'));
    EXPECT_TRUE(kinds.contains(strongest)) << rule.id << ": " << strongest;
  }
}

/// A row with one thing wrong.
std::string rules_with(const std::string& row) {
  return R"([names]
without_sub_version = ["E2G"]
evidence = "x"
source = "x"
[[rule]]
id = "unknown"
severity = "stop"
found = true
because = "x"
evidence = "x"
source = "x"
[[rule]]
id = "a"
because = "x"
evidence = "x"
source = "x"
)" + row;
}

TEST(Rules, AreReadStrictly) {
  EXPECT_TRUE(parse_rules(rules_with("severity = \"stop\"\nfound = true\n")));
  const std::pair<const char*, const char*> wrong[] = {
      {"severity = \"halt\"\nfound = true\n", "rule[1].severity"},
      {"found = true\n", "severity"},
      {"severity = \"stop\"\n", "exactly one of"},
      {"severity = \"stop\"\nfound = true\ndiffer = \"memory\"\n", "exactly one of"},
      {"severity = \"stop\"\ndiffer = \"colour\"\nsays = \"x\"\n", "differ"},
      {"severity = \"stop\"\ntrait = \"colour\"\nsays = \"x\"\n", "trait"},
      {"severity = \"stop\"\ndiffer = \"memory\"\n", "says"},
      {"severity = \"stop\"\nfrom = { order_code = \"A\" }\nsays = \"x\"\n", "to"},
      {"severity = \"stop\"\nfrom = { order = \"A\" }\nto = {}\nsays = \"x\"\n", "from.order"},
      {"severity = \"stop\"\nfound = true\nlifts = [\"b\"]\n", "lifts"},
      {"severity = \"warn\"\nfound = true\nneeds = \"backup\"\n", "needs"},
      {"severity = \"stop\"\nfound = true\nwhen = 1\n", "when"},
      {"severity = \"stop\"\nfrom = {}\nto_other_than = {}\neither_way = true\nsays = \"x\"\n", "either_way"},
  };
  for (const auto& [row, word] : wrong) {
    auto rules = parse_rules(rules_with(row));
    ASSERT_FALSE(rules) << row;
    EXPECT_EQ(rules.error().code, Code::bug);
    EXPECT_THAT(rules.error().what, testing::AllOf(StartsWith("rules.toml: "), HasSubstr(word))) << row;
  }
}

TEST(Rules, AreNotReadWithoutTheRuleForWhatIsUnknown) {
  auto rules = parse_rules("rule = []\n[names]\nevidence = \"x\"\nsource = \"x\"\n");
  ASSERT_FALSE(rules);
  EXPECT_THAT(rules.error().what, HasSubstr("unknown"));
}

TEST(Chips, AreFoundByTheUpperHalfOfTheirHwid) {
  ASSERT_TRUE(parse_chips(embedded("chips.toml")));
  const auto* chip = find_chip(0x000480e100000000);
  ASSERT_NE(chip, nullptr);
  EXPECT_EQ(chip->family, "9x07");
  EXPECT_EQ(find_chip(0x000480e112345678), chip);
  EXPECT_EQ(find_chip(0x00000000000480e1), nullptr);
}

}  // namespace
}  // namespace modemedic::knowledge
