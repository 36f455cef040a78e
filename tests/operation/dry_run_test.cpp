#include "operation/dry_run.h"

#include "rehearsal/memory_journals.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// A dress rehearsal on the modem: everything but writing.
namespace modemedic::operation {
namespace {

using test::must;
using test::newer_package;
using test::TwinBench;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Result<DryRunReport> rehearse(TwinBench& bench, const test::FlashChoice& choice = {}, std::stop_token stop = {},
                              const std::string& persona = "eg25-g") {
  const auto& package = *newer_package(persona);
  auto plan = must(plan::prove_plan(must(plan::make_plan(package)), package));
  TRY_ASSIGN(auto found, bench.find());
  TRY_ASSIGN(auto admission, admit(bench.bus, found, package, choice, bench.events));
  return dry_run(bench.bus, std::move(admission), plan, {choice.journals, "2026-11-21T09:30:00Z"}, bench.events,
                 std::move(stop));
}

TEST(DryRun, SendsEverythingAndLeavesTheChipAsItWas) {
  for (const auto* persona : {"eg25-g", "ec25-e"}) {
    TwinBench::Options options;
    options.persona = persona;
    TwinBench bench(options);
    auto before = bench.fingerprint();
    auto report = rehearse(bench, {}, {}, persona);
    ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
    EXPECT_EQ(bench.fingerprint(), before);
    EXPECT_EQ(report->after.revision, bench.persona.revision);
    std::uint64_t all = 0;
    for (const auto& image : newer_package(persona)->images) {
      all += newer_package(persona)->file(image).size;
    }
    EXPECT_EQ(report->bytes_sent, all);
    EXPECT_THAT(bench.events.steps(), Not(testing::Contains("erase")));
    EXPECT_THAT(bench.events.log(), Not(HasSubstr("start_sector = ")));  // what an erase logs
  }
}

/// The page it is found out with is behind an image, in a block that is blank: nothing reads it.
TEST(DryRun, StopsAtTheFirstPageWhenTheProgrammerWritesAllTheSame) {
  TwinBench::Options options;
  options.faults = {"ignores-skip-write"};
  TwinBench bench(options);
  auto print_of = [&](const firmware::Image& image, bool behind) {
    auto used = newer_package("eg25-g")->geometry.sectors_for(newer_package("eg25-g")->file(image).size);
    return behind ? bench.modem->nand().fingerprint({image.range.start + used, image.range.count - used})
                  : bench.modem->nand().fingerprint({image.range.start, used});
  };
  std::vector<std::string> before;
  for (const auto& image : newer_package("eg25-g")->images) {
    before.push_back(print_of(image, false));
  }
  auto report = rehearse(bench);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::device_refused);
  EXPECT_THAT(report.error().what, HasSubstr("said that it skips writes, and wrote"));
  EXPECT_THAT(report.error().hint,
              AllOf(HasSubstr("no further image was sent"), HasSubstr("runs " + bench.persona.revision),
                    Not(HasSubstr("nothing was written"))));
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(print_of(newer_package("eg25-g")->images[i], false), before[i]);
  }
  EXPECT_THAT(bench.modem->state(), StartsWith("running"));
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("running"));
}

TEST(DryRun, GoesNoFurtherThanTheGate) {
  TwinBench bench;
  auto enumeration = bench.modem->enumeration();
  const auto& package = *newer_package("ec25-e");
  auto admitted = admit(bench.bus, must(bench.find()), package, {}, bench.events);
  ASSERT_FALSE(admitted);
  EXPECT_EQ(bench.modem->enumeration(), enumeration);
}

TEST(DryRun, LeavesAModemInEdlThatWasFoundThere) {
  TwinBench::Options options;
  options.start = twin::Mode::edl;
  TwinBench bench(options);
  auto before = bench.fingerprint();
  auto report = rehearse(bench, test::lifting_unknown());
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->after.revision, "");
  EXPECT_EQ(bench.fingerprint(), before);
}

TEST(DryRun, LeavesTheModemAsItWasWhenStopped) {
  for (const auto* step : {"switch", "upload", "configure", "ask-chip", "probe", "send"}) {
    TwinBench bench;
    auto before = bench.fingerprint();
    std::stop_source person;
    bench.events.on_event = [&](const Event& event) {
      const auto* one = std::get_if<event::Step>(&event);
      if (one != nullptr && one->id == step) {
        person.request_stop();
      }
    };
    auto report = rehearse(bench, {}, person.get_token());
    ASSERT_FALSE(report) << step;
    EXPECT_EQ(report.error().code, Code::interrupted);
    EXPECT_THAT(report.error().hint, HasSubstr("nothing was written")) << step;
    EXPECT_EQ(bench.fingerprint(), before) << step;
    EXPECT_THAT(bench.modem->state(), StartsWith("running")) << step;
  }
}

/// What is configured so stays configured: a flash that follows over the same programmer must not be skipped.
TEST(DryRun, LeavesNoProgrammerThatSkipsTheNextFlash) {
  TwinBench bench;
  std::stop_source person;
  auto died = false;
  bench.events.on_event = [&](const Event& event) {
    const auto* one = std::get_if<event::Step>(&event);
    if (one != nullptr && one->id == "send" && !std::exchange(died, true)) {
      bench.modem->power_cut();
    }
  };
  auto before = bench.fingerprint();
  EXPECT_FALSE(rehearse(bench));
  EXPECT_EQ(bench.fingerprint(), before) << "power may fail at any moment";
  bench.events.on_event = nullptr;
  bench.power_cycle();
  must(rehearse(bench));
  auto flashed = must(bench.flash(*newer_package("eg25-g")));
  EXPECT_EQ(flashed.after.revision, test::newer_revision("eg25-g"));
}

}  // namespace
}  // namespace modemedic::operation
