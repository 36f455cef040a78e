#include "operation/ask_modem.h"

#include "operation/run_sahara.h"
#include "operation/upload.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::must;
using test::TwinBench;

TwinBench::Options starting_in(twin::Mode mode, std::vector<std::string> faults = {}) {
  TwinBench::Options options;
  options.start = mode;
  options.faults = std::move(faults);
  return options;
}

Asked ask(TwinBench& bench, Duration patience = 3s) {
  return ask_modem(bench.bus, must(bench.find()), Deadline::in(bench.clock, patience), bench.events);
}

constexpr std::uint32_t serial = 0x49cbd7ef;
constexpr std::uint64_t mdm9207 = 0x000480e100000000;
constexpr auto unfused_hash = "cc3153a80293939b90d02d3bf8b23e0292e452fef662c74998421adad42a380f";

std::string without_blanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

TEST(AskModem, AsksARunningModemOverAt) {
  TwinBench bench;
  auto asked = ask(bench);
  EXPECT_EQ(asked.by, "AT");
  EXPECT_TRUE(asked.proven());
  EXPECT_EQ(asked.identity.revision, "EG25GGBR07A07M2G_30.004.30.004");
}

TEST(AskModem, AsksDiagWhereAtIsSilentAndSaysSo) {
  TwinBench::Options options;
  options.real_timing = true;
  TwinBench bench(options);
  auto asked = ask(bench, 2s);
  EXPECT_EQ(asked.by, "DIAG");
  EXPECT_EQ(asked.identity.revision, "EG25GGBR07A07M2G");
  ASSERT_TRUE(asked.silence);
  EXPECT_EQ(asked.silence->code, Code::timeout);
}

TEST(AskModem, AsksTheBootRomInEveryModeThatSpeaksSahara) {
  for (auto mode : {twin::Mode::edl, twin::Mode::download, twin::Mode::dump}) {
    TwinBench bench(starting_in(mode));
    auto asked = ask(bench);
    EXPECT_EQ(asked.by, "Sahara");
    EXPECT_EQ(asked.identity.chip.serial, serial);
    EXPECT_EQ(asked.identity.chip.hwid, mdm9207);
    EXPECT_EQ(without_blanks(hex(asked.identity.chip.pk_hash)), unfused_hash);
  }
}

TEST(AskModem, LeavesAModemInEdlSoThatTheNextHostFindsItsHello) {
  TwinBench bench(starting_in(twin::Mode::edl));
  ask(bench);
  auto pipe = must(open_edl(bench.bus, must(bench.find()).device));
  Buffer hello(64);
  auto count = pipe->receive(hello, Deadline::in(bench.clock, 100ms));
  ASSERT_TRUE(count) << count.error().what;
  EXPECT_EQ(hex(ByteView(hello).first(24)), "01 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 04 00 00 00 00 00 00");
}

TEST(AskModem, MayAskAgainAndAgainAndThenFlash) {
  TwinBench bench(starting_in(twin::Mode::edl));
  for (int i = 0; i < 20; ++i) {
    auto before = bench.clock.now();
    EXPECT_EQ(ask(bench).identity.chip.serial, serial);
    EXPECT_LT(bench.clock.now() - before, 100ms);
  }
  auto report = bench.flash(*test::newer_package("eg25-g"), test::lifting_unknown());
  EXPECT_TRUE(report) << report.error().what;
}

TEST(AskModem, WakesAModemWhoseHelloWasRead) {
  TwinBench bench(starting_in(twin::Mode::edl, {"lost-hello"}));
  auto start = bench.clock.now();
  auto asked = ask(bench);
  EXPECT_EQ(asked.by, "Sahara");
  EXPECT_EQ(asked.identity.chip.serial, serial);
  EXPECT_LT(bench.clock.now() - start, 1s);
}

TEST(AskModem, SeesThatAProgrammerRunsInEdl) {
  TwinBench bench(starting_in(twin::Mode::edl));
  {
    auto pipe = must(open_edl(bench.bus, must(bench.find()).device));
    FirehoseLink link(*pipe, bench.clock, bench.events);
    must(upload_programmer(*pipe, bench.clock, link, *test::newer_package("eg25-g"), bench.events));
  }
  EXPECT_EQ(ask(bench).by, "Firehose");
  auto report = bench.flash(*test::newer_package("eg25-g"), test::lifting_unknown());
  EXPECT_TRUE(report) << report.error().what;
}

TEST(AskModem, AsksTheBootLoaderInFastboot) {
  TwinBench bench(starting_in(twin::Mode::fastboot));
  auto asked = ask(bench);
  EXPECT_EQ(asked.by, "fastboot");
  EXPECT_EQ(asked.identity.chip.serial, serial);
  EXPECT_EQ(asked.identity.fused, false);
}

TEST(AskModem, AsksSeveralInTheirOrder) {
  TwinBench bench;
  auto second = bench.make_modem("12345678", {});
  bench.bus.plug(*second, "1-2");
  bench.power_on(*second, twin::Mode::edl);
  auto modems = must(find_modems(bench.bus));
  auto all = ask_modems(bench.bus, modems, 3s, bench.events);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].by, "AT");
  EXPECT_EQ(all[1].identity.chip.serial, 0x12345678U);
}

}  // namespace
}  // namespace modemedic::operation
