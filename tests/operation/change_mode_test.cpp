#include "operation/change_mode.h"

#include "operation/modem_records.h"
#include "operation/upload.h"
#include "support/recording_bus.h"
#include "support/tool.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using knowledge::State;
using test::must;
using test::TwinBench;
using testing::AllOf;
using testing::HasSubstr;

TwinBench::Options starting_in(twin::Mode mode, const std::string& persona = "eg25-g") {
  TwinBench::Options options;
  options.persona = persona;
  options.start = mode;
  options.real_timing = true;
  return options;
}

Result<ModeChange> change(TwinBench& bench, Target target, const ModeOptions& options = {}) {
  return change_mode(bench.bus, must(bench.find()), target, options, bench.events, std::stop_token{});
}

State state_of(Target target) {
  switch (target) {
    case Target::normal:
      return State::running;
    case Target::edl:
      return State::edl;
    case Target::fastboot:
      return State::fastboot;
    default:
      return State::boot_mode;
  }
}

constexpr auto modes = {twin::Mode::running, twin::Mode::edl, twin::Mode::download, twin::Mode::dump,
                        twin::Mode::fastboot};
constexpr auto targets = {Target::normal, Target::edl, Target::fastboot, Target::download};

TEST(ChangeMode, BringsAModemFromAnyModeIntoAnyMode) {
  for (const auto* persona : {"eg25-g", "ec25-e"}) {
    for (auto mode : modes) {
      for (auto target : targets) {
        TwinBench bench(starting_in(mode, persona));
        auto fingerprint = bench.fingerprint();
        auto changed = change(bench, target);
        ASSERT_TRUE(changed) << static_cast<int>(mode) << " to " << name(target) << ": " << changed.error().what;
        EXPECT_EQ(changed->modem.sighting.state, state_of(target));
        EXPECT_EQ(must(bench.find()).sighting.state, state_of(target));
        EXPECT_TRUE(changed->after.proven());
        EXPECT_EQ(changed->changed, !(mode == twin::Mode::running && target == Target::normal) &&
                                        !(mode == twin::Mode::edl && target == Target::edl) &&
                                        !(mode == twin::Mode::fastboot && target == Target::fastboot) &&
                                        !(mode == twin::Mode::download && target == Target::download));
        EXPECT_EQ(bench.fingerprint(), fingerprint) << "nothing is flashed";
      }
    }
  }
}

TEST(ChangeMode, BringsAnEc20ToDownloadModeAndBack) {
  TwinBench bench(starting_in(twin::Mode::running, "ec20"));
  auto there = change(bench, Target::download);
  ASSERT_TRUE(there) << there.error().what;
  EXPECT_EQ(there->modem.sighting.state, State::download);
  EXPECT_EQ(there->after.by, "DLOAD");
  EXPECT_EQ(there->before.identity.revision, "EC20EQAR02A04E2G");
  EXPECT_EQ(there->before.identity.revision_by, "CGMR");
  auto back = change(bench, Target::normal);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(back->after.identity.imei, there->before.identity.imei);
}

TEST(ChangeMode, BringsAnEc20WhereverAWayLeads) {
  for (auto mode : {twin::Mode::running, twin::Mode::download, twin::Mode::fastboot}) {
    for (auto target : {Target::normal, Target::fastboot, Target::download}) {
      TwinBench bench(starting_in(mode, "ec20"));
      auto changed = change(bench, target);
      ASSERT_TRUE(changed) << static_cast<int>(mode) << " to " << name(target) << ": " << changed.error().what;
      auto wanted = target == Target::download ? State::download : state_of(target);
      EXPECT_EQ(must(bench.find()).sighting.state, wanted);
      EXPECT_TRUE(changed->after.proven());
    }
  }
}

/// What a composition lacks, no way needs: the rest goes on as ever.
TEST(ChangeMode, GoesByWhatTheCompositionShows) {
  struct Case {
    std::string composition;
    bool edl;
    bool fastboot;
  };

  for (const auto& [composition, edl, fastboot] :
       {Case{"rndis", true, true}, Case{"ecm", true, true}, Case{"mbim", true, true}, Case{"laptop", true, true},
        Case{"no_at", true, false}, Case{"no_diag", false, true}, Case{"mbim_only", false, false}}) {
    for (auto [target, possible] : {std::pair(Target::edl, edl), std::pair(Target::fastboot, fastboot)}) {
      auto options = starting_in(twin::Mode::running);
      options.faults = {"composition@" + composition};
      TwinBench bench(options);
      test::RecordingBus bus(bench.bus);
      auto changed = change_mode(bus, must(bench.find()), target, {}, bench.events, std::stop_token{});
      ASSERT_EQ(changed.has_value(), possible) << composition << " to " << name(target);
      if (!possible) {
        EXPECT_EQ(changed.error().code, Code::refused);
        EXPECT_TRUE(bus.sent.empty()) << composition;
      }
    }
  }
}

/// The flag that a fastboot flash leaves is gone, and the modem stays in normal mode over a power cycle.
TEST(ChangeMode, CuresTheForceFlagForGood) {
  TwinBench::Options options;
  options.faults = {"force-fastboot"};
  TwinBench bench(options);
  ASSERT_EQ(must(bench.find()).sighting.state, State::fastboot);
  must(change(bench, Target::normal));
  bench.power_cycle();
  EXPECT_EQ(must(bench.find()).sighting.state, State::running);
}

TEST(ChangeMode, RefusesToBringAnEc20IntoEdl) {
  for (auto mode : {twin::Mode::running, twin::Mode::download}) {
    TwinBench bench(starting_in(mode, "ec20"));
    auto before = must(bench.find()).device.enumeration;
    auto refused = change(bench, Target::edl);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::refused);
    EXPECT_THAT(refused.error().what, HasSubstr("9x15"));
    EXPECT_EQ(must(bench.find()).device.enumeration, before) << "not reset for nothing";
  }
}

TEST(ChangeMode, LeavesItInEdlForWhoeverComesNext) {
  TwinBench bench(starting_in(twin::Mode::running));
  must(change(bench, Target::edl));
  auto report = bench.flash(*test::newer_package("eg25-g"), test::lifting_unknown());
  EXPECT_TRUE(report) << report.error().what;
}

TEST(ChangeMode, ResetsAModemWhoseProgrammerRunsAlready) {
  TwinBench bench(starting_in(twin::Mode::edl));
  {
    auto pipe = must(open_edl(bench.bus, must(bench.find()).device));
    FirehoseLink link(*pipe, bench.clock, bench.events);
    must(upload_programmer(*pipe, bench.clock, link, *test::newer_package("eg25-g"), bench.events));
  }
  auto changed = change(bench, Target::normal);
  ASSERT_TRUE(changed) << changed.error().what;
  EXPECT_EQ(changed->before.by, "Firehose");
}

TEST(ChangeMode, ClearsTheForceFlagOnTheWayOutOfFastboot) {
  TwinBench bench(starting_in(twin::Mode::fastboot));
  test::RecordingBus bus(bench.bus);
  must(change_mode(bus, must(bench.find()), Target::normal, {}, bench.events, std::stop_token{}));
  std::string said;
  for (const auto& transfer : bus.sent) {
    said += as_text(transfer.head);
    said += '\n';
  }
  EXPECT_THAT(said, AllOf(HasSubstr("reboot\n"), testing::Not(HasSubstr("continue"))));
}

TEST(ChangeMode, TouchesNothingWhenItIsThereAlready) {
  TwinBench bench(starting_in(twin::Mode::edl));
  auto before = must(bench.find()).device.enumeration;
  auto changed = change(bench, Target::edl);
  ASSERT_TRUE(changed);
  EXPECT_FALSE(changed->changed);
  EXPECT_EQ(must(bench.find()).device.enumeration, before);
}

TEST(ChangeMode, RefusesWithTheReasonWhereThereIsNoWay) {
  TwinBench bench;
  test::RecordingBus bus(bench.bus);
  auto found = must(bench.find());
  auto& interfaces = found.device.fingerprint.interfaces;
  interfaces.erase(interfaces.begin());  // without DIAG
  for (auto target : {Target::edl, Target::download}) {
    auto refused = change_mode(bus, found, target, {}, bench.events, std::stop_token{});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::refused);
    EXPECT_EQ(refused.error().rule, "mode");
    EXPECT_THAT(refused.error().what, HasSubstr("no DIAG interface"));
  }
  interfaces.clear();
  EXPECT_THAT(change_mode(bus, found, Target::fastboot, {}, bench.events, std::stop_token{}).error().what,
              HasSubstr("no AT interface"));
  EXPECT_TRUE(bus.sent.empty());
}

TEST(ChangeMode, SaysThatAModemCameBackAsSomethingElse) {
  TwinBench bench(starting_in(twin::Mode::edl));
  bench.modem->nand().erase(0);  // without SBL a reset ends in EDL again
  auto changed = change(bench, Target::normal);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Code::device_refused);
  EXPECT_THAT(changed.error().what, HasSubstr("not in normal but edl"));
}

TEST(ChangeMode, SaysThatAModemDidNotComeBack) {
  auto options = starting_in(twin::Mode::edl);
  options.faults = {"never-returns"};
  TwinBench bench(options);
  auto changed = change(bench, Target::normal);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Code::modem_lost);
}

TEST(ChangeMode, RemembersWhoItIsBeforeItGoesWhereItCannotTell) {
  test::TemporaryDirectory dir;
  TwinBench bench(starting_in(twin::Mode::running));
  auto imei = bench.modem->imei();
  ModemRecords records(dir.path(), "test", bench.events);
  must(change(bench, Target::edl, {&records, "2026-11-21T09:30:00Z"}));
  Identity chip;
  chip.chip.serial = 0x49cbd7ef;
  auto known = ModemRecords(dir.path(), "test", bench.events).known_before({}, chip);
  ASSERT_TRUE(known && known->certain);
  EXPECT_EQ(known->record.imei, imei);
  EXPECT_EQ(known->record.revision, "EG25GGBR07A07M2G_30.004.30.004");
  ASSERT_EQ(known->record.jobs.size(), 1U);
  EXPECT_EQ(known->record.jobs[0].command, "mode edl");
  EXPECT_EQ(known->record.jobs[0].result, "ok");
  EXPECT_EQ(known->record.states.size(), 2U);
}

TEST(ChangeMode, StopsWhenThePersonSaysSo) {
  TwinBench bench(starting_in(twin::Mode::edl));
  std::stop_source stop;
  bench.events.on_event = [&](const Event& event) {
    if (std::holds_alternative<event::Step>(event)) {
      stop.request_stop();
    }
  };
  auto changed = change_mode(bench.bus, must(bench.find()), Target::normal, {}, bench.events, stop.get_token());
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Code::interrupted);
  EXPECT_EQ(must(bench.find()).sighting.state, State::edl);
}

TEST(Target, IsReadAsItIsWritten) {
  for (auto target : targets) {
    EXPECT_EQ(parse_target(name(target)), target);
  }
  EXPECT_FALSE(parse_target("recovery"));
}

}  // namespace
}  // namespace modemedic::operation
