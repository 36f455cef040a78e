#include "operation/flash.h"

#include "support/twin_bench.h"
#include "virtual/running_function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using test::must;
using test::newer_package;
using test::TwinBench;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Flash : public testing::TestWithParam<std::string> {
protected:
  TwinBench::Options options() const {
    TwinBench::Options options;
    options.persona = GetParam();
    return options;
  }

  const firmware::Package& package() const { return *newer_package(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Personas, Flash, testing::Values("eg25-g", "ec25-e"),
                         [](const auto& value) { return value.param == "eg25-g" ? "Eg25G" : "Ec25E"; });

TEST_P(Flash, BringsNewFirmwareThatTheModemProves) {
  TwinBench bench(options());
  auto imei = bench.modem->imei();
  auto report = bench.flash(package());
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  EXPECT_EQ(report->before.revision, bench.persona.revision);
  EXPECT_EQ(report->after.revision, test::newer_revision(GetParam()));
  EXPECT_EQ(report->after.imei, imei);
  EXPECT_EQ(report->after.cfun, "1");
  EXPECT_EQ(report->storage.geometry, bench.persona.geometry);
  ASSERT_TRUE(report->chip);
  EXPECT_EQ(report->chip->hwid, bench.persona.hwid);
  EXPECT_THAT(bench.modem->state(), HasSubstr(test::newer_revision(GetParam()).substr(0, 16)));
}

TEST_P(Flash, TakesTheTimeOfARealOne) {
  auto slow = options();
  slow.real_timing = true;
  TwinBench bench(slow);
  auto report = bench.flash(package());
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_GT(report->whole_time, std::chrono::seconds(10));  // it boots
  EXPECT_GT(report->data_time, Duration::zero());
  EXPECT_LT(report->data_time, report->whole_time);
}

TEST_P(Flash, TellsItsStepsAndHowFarItIs) {
  TwinBench bench(options());
  auto report = bench.flash(package());
  ASSERT_TRUE(report);
  auto steps = bench.events.steps();
  EXPECT_THAT(std::vector(steps.begin(), steps.begin() + 8),
              ElementsAre("identify", "switch", "upload", "configure", "ask-chip", "erase", "prove-erased", "erase"));
  EXPECT_EQ(steps.back(), "prove");
  std::uint64_t last = 0;
  std::uint64_t all = 0;
  for (const auto& event : bench.events.recorded) {
    if (const auto* progress = std::get_if<event::Progress>(&event)) {
      EXPECT_GE(progress->all_done, last);
      EXPECT_LE(progress->done, progress->size);
      last = progress->all_done;
      all = progress->all_size;
    }
  }
  EXPECT_EQ(last, all);
  EXPECT_EQ(report->bytes_programmed, all);
}

TEST_P(Flash, TakesAModemInEdlOnlyWhenThePersonLiftsTheRule) {
  auto in_edl = options();
  in_edl.start = twin::Mode::edl;
  TwinBench bench(in_edl);
  auto before = bench.fingerprint();
  auto refused = bench.flash(package());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::refused);
  EXPECT_EQ(refused.error().rule, "unknown");
  EXPECT_EQ(bench.fingerprint(), before);
  auto report = bench.flash(package(), test::lifting_unknown());
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->before.revision, "");
  EXPECT_EQ(report->after.revision, test::newer_revision(GetParam()));
}

TEST_P(Flash, CanBeDoneAgainAndAgain) {
  TwinBench bench(options());
  for (int i = 0; i < 3; ++i) {
    auto report = bench.flash(package());
    ASSERT_TRUE(report) << report.error().what;
  }
}

TEST_P(Flash, SkipsBadBlocksThatLeaveRoom) {
  auto table = must(twin::find_persona(GetParam())).table;
  auto worn = options();
  for (const auto& partition : table) {
    if (partition.name == "system" || partition.name == "modem" || partition.name == "boot") {
      worn.bad_blocks.push_back(partition.range.start.n / 64);
      worn.bad_blocks.push_back(partition.range.start.n / 64 + 2);
    }
  }
  ASSERT_EQ(worn.bad_blocks.size(), 6U);
  TwinBench bench(worn);
  auto report = bench.flash(package());
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->after.revision, test::newer_revision(GetParam()));
  EXPECT_EQ(report->storage.bad_blocks.size(), 6U);
}

void expect_untouched(TwinBench& bench, const std::string& before) {
  EXPECT_EQ(bench.fingerprint(), before);
  EXPECT_THAT(bench.modem->state(), StartsWith("running"));
}

TEST(FlashRefuses, APackageForOtherBlocksBeforeTheFirstErase) {
  auto persona = must(twin::find_persona("eg25-g"));
  persona.geometry = {4096, 64, 2048};
  test::BenchPackage other(persona, "EG25GGBR07A08M2G_30.006.30.006");
  TwinBench bench;
  auto before = bench.fingerprint();
  auto result = bench.flash(*other);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::geometry_mismatch);
  EXPECT_THAT(result.error().hint, HasSubstr("p2K_b128K"));
  EXPECT_THAT(result.error().hint, HasSubstr("nothing was written: the modem runs EG25GGBR07A07M2G_30.004.30.004 "
                                             "again"));
  expect_untouched(bench, before);
}

TEST(FlashRefuses, AnImageThatBadBlocksLeaveNoRoomForBeforeTheFirstErase) {
  TwinBench::Options options;
  for (std::uint64_t block = 206; block < 217; ++block) {
    options.bad_blocks.push_back(block);  // of TZ's 12 blocks one is left
  }
  TwinBench bench(options);
  auto package = *newer_package("eg25-g");
  for (auto& image : package.images) {
    if (image.partition == "TZ") {
      package.files[image.file].size = 2 * bench.persona.geometry.block_size();
    }
  }
  auto before = bench.fingerprint();
  auto result = bench.flash(package);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().rule, "bad-blocks");
  EXPECT_THAT(result.error().what, HasSubstr("TZ"));
  expect_untouched(bench, before);
}

TEST(FlashRefuses, AnotherModelsPackageBeforeAnythingIsSent) {
  TwinBench bench;
  auto before = bench.fingerprint();
  auto enumeration = bench.modem->enumeration();
  auto result = bench.flash(*newer_package("ec25-e"), test::lifting_unknown());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().rule, "order-code");
  EXPECT_EQ(bench.modem->enumeration(), enumeration);
  expect_untouched(bench, before);
}

TEST(FlashRefuses, AModemThatNeitherRunsNorTakesAProgrammer) {
  for (auto mode : {twin::Mode::fastboot, twin::Mode::dump}) {
    TwinBench::Options options;
    options.start = mode;
    TwinBench bench(options);
    auto before = bench.fingerprint();
    auto result = bench.flash(*newer_package("eg25-g"), test::lifting_unknown());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::refused);
    EXPECT_EQ(result.error().rule, "mode");
    EXPECT_EQ(bench.fingerprint(), before);
  }
}

TEST(FlashRefuses, ToTakeAPortAwayFromAnotherProgram) {
  TwinBench bench;
  auto device = must(bench.find()).device;
  auto held = must(bench.bus.open(device, *knowledge::at_interface(device.fingerprint)));
  auto result = bench.flash(*newer_package("eg25-g"), test::lifting_unknown());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::busy);
  EXPECT_EQ(bench.modem->enumeration(), device.enumeration);
}

/// On the bus as a running modem, and nothing behind its interfaces answers.
class SilentModem final : public twin::Pluggable {
public:
  SilentModem() : function_(must(twin::find_persona("eg25-g")).running) {}

  twin::UsbFunction* function() const override { return &function_; }

  std::uint64_t enumeration() const override { return 1; }

private:
  mutable twin::SilentFunction function_;
};

TEST(FlashRefuses, AModemThatDoesNotAnswerUnlessLiftedAndThenSaysThatDiagIsSilent) {
  twin::SimulatedClock clock;
  twin::Timers timers(clock);
  SilentModem modem;
  twin::InProcessBus bus(clock, timers);
  bus.plug(modem, "1-1");
  test::WatchedEvents events;
  const auto& package = *newer_package("eg25-g");
  auto plan = must(plan::prove_plan(must(plan::make_plan(package)), package));
  auto found = must(find_modem(bus, "", events));
  auto unknown = admit(bus, found, package, {}, events);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().rule, "unknown");
  auto silent = flash(bus, must(admit(bus, found, package, test::lifting_unknown(), events)), plan, {}, events, {});
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, Code::timeout);
  EXPECT_THAT(silent.error().what, HasSubstr("DIAG"));
  EXPECT_THAT(silent.error().hint, HasSubstr("nothing was written: the modem runs as before"));
}

}  // namespace
}  // namespace modemedic::operation
