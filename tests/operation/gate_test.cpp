#include "operation/gate.h"

#include "operation/flash.h"
#include "support/twin_bench.h"

#include <type_traits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using test::must;
using test::newer_package;
using test::TwinBench;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// There is no way to an Admission but through the gate, and none to the modem without one.
static_assert(!std::is_default_constructible_v<Admission>);
static_assert(!std::is_copy_constructible_v<Admission>);
static_assert(!std::is_constructible_v<Admission, Found, const firmware::Package&, GateOptions>);
static_assert(std::is_invocable_v<decltype(flash), usb::Bus&, Admission, const plan::ProvenPlan&, const FlashOptions&,
                                  Events&, std::stop_token>);

std::vector<event::Rule> rules_told(const test::WatchedEvents& events) {
  std::vector<event::Rule> told;
  for (const auto& event : events.recorded) {
    if (const auto* rule = std::get_if<event::Rule>(&event)) {
      told.push_back(*rule);
    }
  }
  return told;
}

knowledge::ModemFacts modem_of(const std::string& revision) {
  knowledge::ModemFacts facts;
  facts.revision = firmware::parse_revision(revision);
  facts.chip = "9x07";
  facts.fused = false;
  return facts;
}

firmware::Package package_of(const std::string& revision) {
  auto package = *newer_package("eg25-g");
  package.revision = firmware::parse_revision(revision);
  return package;
}

/// What the gate says of these two.
Result<std::set<std::string>> ask(const std::string& modem, const std::string& package,
                                  const GateOptions& options = {}) {
  EventRecorder events;
  return pass(must(judge_package(modem_of(modem), package_of(package))), options, events);
}

std::string rule_of(const Result<std::set<std::string>>& result) {
  return result ? "taken" : result.error().rule;
}

TEST(Gate, TakesTheSameOrderCodeMemoryBaselineAndChannel) {
  EXPECT_EQ(rule_of(ask("EG25GGBR07A07M2G_30.004.30.004", "EG25GGBR07A08M2G_30.006.30.006")), "taken");
  EXPECT_EQ(rule_of(ask("EG25GGBR07A07M2GA_30.004.30.004", "EG25GGBR07A08M2G_30.006.30.006")), "taken");
}

TEST(Gate, RefusesWhateverThePersonLiftsAndSaysWhatWouldBeAllowed) {
  GateOptions all;
  all.overrides = {"order-code", "memory", "unknown", "baseline", "r06-r08", "build", "ocpu"};
  for (const auto* package : {"EC25EUGAR08A03M4G", "EC25EUXGAR08A15M4G", "EG25GGBR07A08M4G"}) {
    auto result = ask("EC25EFAR06A11M4G_01.001.01.001", package, all);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().rule, "order-code") << package;
    EXPECT_EQ(result.error().code, Code::refused);
    EXPECT_THAT(result.error().what, HasSubstr("EC25EFA"));
    EXPECT_THAT(result.error().hint, HasSubstr("from EC25EFAR06A11M4G_01.001.01.001: EC25EFAR06AxxM4G _01.xxx only"));
    EXPECT_THAT(result.error().hint, HasSubstr("nothing lifts this rule; nothing was sent"));
  }
  EXPECT_EQ(rule_of(ask("EC20CEFAGR06A16M4G", "EC20CEFAR06A16M4G", all)), "order-code");
}

/// Story 5: "upgraded" from R06 to R08, passed, and dead.
TEST(Gate, RefusesTheWayThatKilledTheModemOfTheStory) {
  for (const auto& [from, to] : {std::pair("EC25EFAR06A17M4G_20.200.20.200", "EC25EFAR08A01M4G_01.001.01.001"),
                                 std::pair("EC25EFAR08A01M4G_01.001.01.001", "EC25EFAR06A17M4G_20.200.20.200")}) {
    GateOptions all;
    all.overrides = {"r06-r08", "baseline"};
    auto result = ask(from, to, all);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().rule, "r06-r08");
  }
}

TEST(Gate, LiftsEachStopByItsOwnNameOnly) {
  const auto* from = "EG25GGBR07A08M2G_30.006.30.006";
  const auto* to = "EG25GGBR07A07M2G_01.001.01.001";
  GateOptions one;
  one.overrides = {"baseline"};
  auto half = ask(from, to, one);
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().rule, "channel-30");
  EXPECT_THAT(half.error().hint, HasSubstr("--override channel-30"));
  EXPECT_THAT(half.error().hint, Not(HasSubstr("--override baseline")));
  GateOptions both;
  both.overrides = {"baseline", "channel-30"};
  auto whole = ask(from, to, both);
  ASSERT_TRUE(whole);
  EXPECT_THAT(*whole, ElementsAre("baseline", "channel-30"));
}

TEST(Gate, TakesAnOverrideThatIsNoRuleForAUsageErrorThatNamesThoseThatSpoke) {
  GateOptions wrong;
  wrong.overrides = {"base-line"};
  auto result = ask("EG25GGBR07A08M2G_30.006.30.006", "EG25GGBR07A07M2G_01.001.01.001", wrong);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::usage);
  EXPECT_THAT(result.error().what, HasSubstr("base-line"));
  EXPECT_THAT(result.error().hint, HasSubstr("baseline (stop), channel-30 (stop)"));
}

TEST(Gate, TellsEveryRuleThatSpokeWithItsEvidence) {
  EventRecorder events;
  GateOptions options;
  options.overrides = {"baseline"};
  auto judgement =
      must(judge_package(modem_of("EC25EFAR02A08M4G_01.001.01.001"), package_of("EC25EFAR06A11M4G_01.001.01.001")));
  EXPECT_TRUE(pass(judgement, options, events));
  std::vector<std::string> told;
  for (const auto& event : events.events) {
    const auto& rule = std::get<event::Rule>(event);
    EXPECT_FALSE(rule.evidence.empty());
    EXPECT_FALSE(rule.source.empty());
    told.push_back(rule.id + " " + rule.answer + (rule.lifted ? " lifted" : ""));
  }
  EXPECT_THAT(told, ElementsAre("baseline stop lifted", "geometry later", "partition-table later"));
}

TEST(Gate, StopsForAnUnknownModemUnlessLifted) {
  GateOptions lifted;
  lifted.overrides = {"unknown"};
  for (const auto* unknown : {"", "SIM7600M22_V1.1"}) {
    auto result = ask(unknown, "EG25GGBR07A08M2G_30.006.30.006");
    EXPECT_EQ(rule_of(result), "unknown");
    EXPECT_THAT(result.error().hint, HasSubstr("--override unknown"));
    EXPECT_THAT(result.error().hint, HasSubstr("nothing was sent"));
    EXPECT_EQ(rule_of(ask(unknown, "EG25GGBR07A08M2G_30.006.30.006", lifted)), "taken");
  }
}

TEST(Gate, StopsForAPackageOfNoKnownRevision) {
  EXPECT_EQ(rule_of(ask("EG25GGBR07A07M2G_30.004.30.004", "")), "unknown");
}

TEST(Gate, NamesTheRuleOfAModemThatIsInNoStateForAFlash) {
  TwinBench::Options options;
  options.start = twin::Mode::fastboot;
  TwinBench bench(options);
  auto result = admit(bench.bus, must(bench.find()), *newer_package("eg25-g"), test::lifting_unknown(), bench.events);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().rule, "mode");
}

/// What only the chip can tell is told before the first erase.
TEST(Gate, LetsTheChipSpeakBeforeTheFirstErase) {
  TwinBench bench;
  must(bench.flash(*newer_package("eg25-g")));
  auto told = rules_told(bench.events);
  std::vector<std::string> ids;
  for (const auto& rule : told) {
    ids.push_back(rule.id + " " + rule.answer);
  }
  EXPECT_THAT(ids, Contains("geometry later"));
  EXPECT_THAT(ids, Not(Contains(HasSubstr("unknown"))));
}

}  // namespace
}  // namespace modemedic::operation
