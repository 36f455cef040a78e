#include "operation/flash.h"
#include "rehearsal/memory_journals.h"
#include "support/twin_bench.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// A 9x07 by fastboot or by download mode, because a person asks for it.
namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using plan::Method;
using test::must;
using test::newer_package;
using test::newer_revision;
using test::TwinBench;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TwinBench::Options eg25(twin::Mode start = twin::Mode::running, bool dark = false) {
  TwinBench::Options options;
  options.start = start;
  options.real_timing = true;
  options.dark_when_torn = dark;
  return options;
}

test::FlashChoice by(Method method, std::set<std::string> overrides = {}) {
  test::FlashChoice choice;
  choice.method = method;
  choice.overrides = std::move(overrides);
  return choice;
}

TEST(Flash9x07Otherwise, GoesByFastbootWithoutTouchingTheBootLoader) {
  TwinBench bench(eg25());
  auto before = bench.fingerprint();
  auto refused = bench.flash(*newer_package("eg25-g"), by(Method::fastboot));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "unknown") << "nobody can ask for the table";
  EXPECT_EQ(bench.fingerprint(), before);
  auto imei = bench.modem->imei();
  auto report = bench.flash(*newer_package("eg25-g"), by(Method::fastboot, {"unknown"}));
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  EXPECT_EQ(report->after.revision, newer_revision("eg25-g"));
  EXPECT_EQ(bench.modem->imei(), imei);
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("running"));
}

TEST(Flash9x07Otherwise, GoesByDownloadModeFromTheRunningModem) {
  TwinBench bench(eg25());
  auto imei = bench.modem->imei();
  auto refused = bench.flash(*newer_package("eg25-g"), by(Method::download));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "unknown") << "nobody can ask for the chip's page and block size";
  auto report = bench.flash(*newer_package("eg25-g"), by(Method::download, {"unknown"}));
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  EXPECT_THAT(bench.events.steps(), testing::IsSupersetOf({"switch", "upload", "table", "erase", "stream", "restart"}));
  EXPECT_EQ(report->after.revision, newer_revision("eg25-g"));
  EXPECT_EQ(bench.modem->imei(), imei);
}

/// A modem in its boot loader's download mode may have no table, and then `19 00` erases its chip.
TEST(Flash9x07Otherwise, GoesByDownloadModeFromNowhereElse) {
  for (auto start : {twin::Mode::download, twin::Mode::edl, twin::Mode::fastboot}) {
    TwinBench bench(eg25(start));
    auto before = bench.fingerprint();
    auto refused = bench.flash(*newer_package("eg25-g"), by(Method::download, {"unknown", "efs"}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "mode");
    EXPECT_EQ(bench.fingerprint(), before);
  }
}

/// The table of EG25-G before 30.006: its loader says that it differs, and that is the end of it.
TEST(Flash9x07Otherwise, ErasesNothingWhereTheTableIsAnother) {
  auto persona = must(twin::find_persona("eg25-g"));
  for (auto& partition : persona.table) {
    auto places = std::map<std::string, SectorRange>{
        {"usr_data", {{62336}, {31488}}}, {"sec", {{93824}, {256}}}, {"system", {{94080}, {36992}}}};
    auto other = places.find(partition.name);
    partition.range = other == places.end() ? partition.range : other->second;
  }
  test::BenchPackage package(persona, newer_revision("eg25-g"), twin::Scale::small);
  TwinBench bench(eg25());
  auto before = bench.fingerprint();
  auto report = bench.flash(*package, by(Method::download, {"unknown"}));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::device_refused) << report.error().what;
  EXPECT_THAT(report.error().hint, AllOf(HasSubstr("nothing was erased"), HasSubstr("Firehose")));
  EXPECT_EQ(bench.fingerprint(), before);
}

/// What is left is EDL, where Firehose goes on; never a modem that shows nothing.
class CutFlash9x07 : public testing::TestWithParam<Method> {};

INSTANTIATE_TEST_SUITE_P(Otherwise, CutFlash9x07, testing::Values(Method::fastboot, Method::download),
                         [](const auto& value) { return std::string(plan::name(value.param)); });

TEST_P(CutFlash9x07, LeavesAWayBackWheneverItIsCut) {
  for (auto cut = 500ms; cut < 60s; cut += 700ms) {
    TwinBench bench(eg25(twin::Mode::running, true));
    auto imei = bench.modem->imei();
    bench.timers.after(cut, [&] { bench.modem->power_cut(); });
    auto first = bench.flash(*newer_package("eg25-g"), by(GetParam(), {"unknown"}));
    if (first) {
      break;
    }
    bench.power_cycle();
    auto state = bench.modem->state();
    ASSERT_THAT(state, Not(StartsWith("dark"))) << cut.count();
    ASSERT_THAT(state, Not(HasSubstr("loop"))) << cut.count();
    auto choice = state.starts_with("fastboot") ? by(Method::fastboot, {"unknown"}) : test::lifting_unknown();
    auto again = bench.flash(*newer_package("eg25-g"), choice);
    ASSERT_TRUE(again) << "cut at " << cut.count() << " ms, " << state << ": " << again.error().what;
    EXPECT_EQ(again->after.revision, newer_revision("eg25-g"));
    EXPECT_EQ(bench.modem->imei(), imei);
  }
}

}  // namespace
}  // namespace modemedic::operation
