#include "operation/recall.h"

#include "operation/switch_mode.h"
#include "support/tool.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// A modem in EDL whose past is remembered.
namespace modemedic::operation {
namespace {

using test::must;
using test::TwinBench;
using testing::AllOf;
using testing::HasSubstr;

constexpr auto now = "2026-11-21T09:30:00Z";

class Remembered : public testing::Test {
protected:
  ModemRecords records() { return {dir.path(), "test", bench.events}; }

  Result<FlashReport> flash(const firmware::Package& package, const test::FlashChoice& lifted = {}) {
    auto remembered = records();
    auto options = lifted;
    options.records = &remembered;
    options.time = now;
    return bench.flash(package, options);
  }

  void see_running() {
    auto found = must(bench.find());
    auto remembered = records();
    auto identity =
        must(identify(bench.bus, found.device, Deadline::in(bench.clock, std::chrono::seconds(5)), bench.events));
    remembered.saw({found.device, "running", identity, now});
  }

  test::TemporaryDirectory dir;
  TwinBench bench;
  const firmware::Package& newer = *test::newer_package("eg25-g");
};

TEST_F(Remembered, IsFlashedFromEdlWithoutLiftingARule) {
  ASSERT_TRUE(flash(newer));
  bench.power_cycle(twin::Mode::edl);
  auto again = flash(newer);
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(again->before.imei, bench.modem->imei());
  EXPECT_EQ(again->before.revision, "EG25GGBR07A08M2G_30.006.30.006");
}

TEST_F(Remembered, IsFlashedOnAfterItsHostDied) {
  bench.events.on_event = [&](const Event& event) {
    const auto* progress = std::get_if<event::Progress>(&event);
    if (progress != nullptr && progress->all_done * 2 > progress->all_size) {
      bench.modem->power_cut();
      bench.events.on_event = nullptr;
    }
  };
  ASSERT_FALSE(flash(newer));
  bench.power_on(*bench.modem);
  ASSERT_EQ(must(bench.find()).sighting.state, knowledge::State::edl);
  auto again = flash(newer);
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(again->before.imei, again->after.imei);
}

TEST_F(Remembered, IsRefusedAnotherModulesFirmwareInEdlToo) {
  ASSERT_TRUE(flash(newer));
  bench.power_cycle(twin::Mode::edl);
  auto other = newer;
  other.revision = test::revision("EC25EFAR06A17M4G_20.200.20.200");
  auto refused = flash(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "order-code");
}

TEST_F(Remembered, ByItsPortAloneItStaysUnknownAndThatIsSaid) {
  see_running();
  bench.power_cycle(twin::Mode::edl);
  auto stopped = flash(newer);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().rule, "unknown");
  EXPECT_THAT(stopped.error().hint, AllOf(HasSubstr("EG25GGBR07A07M2G_30.004.30.004"), HasSubstr("proves nothing")));
}

TEST_F(Remembered, IsNobodyKnownWithoutRecords) {
  bench.power_cycle(twin::Mode::edl);
  auto remembered = records();
  auto recalled = recall(bench.bus, must(bench.find()), remembered, bench.events);
  EXPECT_FALSE(recalled.identity);
  EXPECT_EQ(recalled.guess, "");
}

}  // namespace
}  // namespace modemedic::operation
