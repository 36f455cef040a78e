#include "operation/identify.h"

#include "operation/switch_mode.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::must;
using test::TwinBench;

Result<Identity> ask(TwinBench& bench, Duration patience) {
  auto found = must(bench.find());
  return identify(bench.bus, found.device, Deadline::in(bench.clock, patience), bench.events);
}

TEST(Identify, AsksARunningModemWhoItIs) {
  TwinBench bench;
  auto identity = ask(bench, 10s);
  ASSERT_TRUE(identity) << identity.error().what;
  EXPECT_EQ(identity->model, "EG25");
  EXPECT_EQ(identity->revision, "EG25GGBR07A07M2G_30.004.30.004");
  EXPECT_EQ(identity->imei.size(), 15U);
  EXPECT_EQ(identity->imei, bench.modem->imei());
  EXPECT_EQ(identity->cfun, "1");
  EXPECT_EQ(identity->order_code, "EG25GGB");
  EXPECT_EQ(identity->revision_by, "QGMR");
  EXPECT_TRUE(identity->revision_ready);
  EXPECT_EQ(identity->sim, "READY");
  EXPECT_THAT(identity->iccid, testing::MatchesRegex("89[0-9]{18}"));
  EXPECT_EQ(identity->usbnet, "0");
  EXPECT_EQ(identity->usbcfg, "0x2C7C,0x125,1,1,1,1,1,0,0");
  EXPECT_EQ(identity->fused, false);
}

TEST(Identify, TakesLessThanHalfASecondOfAHealthyModem) {
  TwinBench bench;
  auto found = must(bench.find());
  auto start = bench.clock.now();
  must(identify(bench.bus, found.device, Deadline::in(bench.clock, 10s), bench.events));
  EXPECT_LT(bench.clock.now() - start, 250ms);
}

TEST(Identify, AsksDiagWhereAtIsSilent) {
  TwinBench::Options options;
  options.real_timing = true;  // AT is silent at first
  TwinBench bench(options);
  auto found = must(bench.find());
  auto identity = identify_by_diag(bench.bus, found.device, Deadline::in(bench.clock, 2s), bench.events);
  ASSERT_TRUE(identity) << identity.error().what;
  EXPECT_EQ(identity->revision, "EG25GGBR07A07M2G");
  EXPECT_EQ(identity->revision_by, "DIAG");
  EXPECT_EQ(identity->order_code, "EG25GGB");
  EXPECT_EQ(identity->imei, "");
}

TEST(Identify, SaysThatTheRevisionIsNotReadyWhenTheDeadlinePasses) {
  TwinBench::Options options;
  options.real_timing = true;
  TwinBench bench(options);
  auto identity = ask(bench, 3500ms);  // AT comes up after 3 s, QGMR tells the truth a second later
  ASSERT_TRUE(identity) << identity.error().what;
  EXPECT_EQ(identity->revision, "");
  EXPECT_FALSE(identity->revision_ready);
  EXPECT_EQ(identity->imei, bench.modem->imei());
}

TEST(Identify, WaitsUntilTheModemHasBootedAndTellsTheTruth) {
  TwinBench::Options options;
  options.real_timing = true;  // AT is silent at first, and QGMR then shows a placeholder
  TwinBench bench(options);
  auto identity = ask(bench, 60s);
  ASSERT_TRUE(identity) << identity.error().what;
  EXPECT_EQ(identity->revision, "EG25GGBR07A07M2G_30.004.30.004");
  EXPECT_EQ(identity->imei, bench.modem->imei());
}

TEST(Identify, SaysThatAtIsSilentWhenTheDeadlinePasses) {
  TwinBench::Options options;
  options.real_timing = true;
  TwinBench bench(options);
  auto identity = ask(bench, 1s);
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, Code::timeout);
  EXPECT_THAT(identity.error().hint, testing::HasSubstr("boot"));
}

TEST(Identify, LeavesTheImeiEmptyWhenEfsIsLost) {
  TwinBench bench;
  bench.modem->power_cut();
  for (std::uint64_t block = 1280 / 64; block < 9984 / 64; ++block) {
    bench.modem->nand().erase(block);
  }
  bench.power_cycle();
  auto identity = ask(bench, 10s);
  ASSERT_TRUE(identity) << identity.error().what;
  EXPECT_EQ(identity->imei, "");
  EXPECT_EQ(identity->imei_answer, "0");
  EXPECT_EQ(identity->cfun, "5");
}

TEST(SwitchToEdl, FollowsTheModemOnItsPort) {
  for (const auto* persona : {"eg25-g", "ec25-e"}) {
    TwinBench::Options options;
    options.persona = persona;
    options.real_timing = true;
    TwinBench bench(options);
    auto edl = switch_to_edl(bench.bus, must(bench.find()), bench.events);
    ASSERT_TRUE(edl) << edl.error().what;
    EXPECT_EQ(edl->device.port, "1-1");
    EXPECT_EQ(edl->device.fingerprint.vid, 0x05c6);
    EXPECT_EQ(edl->device.fingerprint.pid, 0x9008);
    EXPECT_EQ(edl->sighting.state, knowledge::State::edl);
  }
}

}  // namespace
}  // namespace modemedic::operation
