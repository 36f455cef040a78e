#include "operation/flash.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using test::newer_package;
using test::TwinBench;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TwinBench::Options with(const std::string& fault) {
  TwinBench::Options options;
  options.faults = {fault};
  return options;
}

/// What an EG25-G block or page number is of.
constexpr std::uint64_t pages_per_block = 64;
constexpr std::uint64_t tz_block = 13184 / pages_per_block;
constexpr std::uint64_t boot_page = 16320;

Result<FlashReport> flash(TwinBench& bench) {
  return bench.flash(*newer_package("eg25-g"));
}

/// The modem went back to its old firmware, and the person is told so.
void expect_nothing_written(const std::string& fault, Code code, const testing::Matcher<std::string>& what) {
  TwinBench bench(with(fault));
  auto before = bench.fingerprint();
  auto result = flash(bench);
  ASSERT_FALSE(result) << fault;
  EXPECT_EQ(result.error().code, code) << fault << ": " << result.error().what;
  EXPECT_THAT(result.error().what, what) << fault;
  EXPECT_THAT(result.error().hint, HasSubstr("nothing was written")) << fault;
  EXPECT_FALSE(result.error().during.empty());
  EXPECT_EQ(result.error().device, "port 1-1");
  EXPECT_EQ(bench.fingerprint(), before) << fault;
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("running")) << fault;
}

/// The flash broke off; the modem comes up in EDL by itself, and the same package brings it back.
void expect_rescuable(TwinBench& bench, const std::string& fault) {
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("edl")) << fault;
  auto again = bench.flash(*newer_package("eg25-g"), test::lifting_unknown());
  ASSERT_TRUE(again) << fault << ": " << again.error().what << " / " << again.error().hint;
  EXPECT_EQ(again->after.revision, "EG25GGBR07A08M2G_30.006.30.006");
}

TEST(FlashFaults, AProgrammerThatIsAskedBeyondItsEnd) {
  expect_nothing_written("sahara-out-of-range", Code::device_protocol, HasSubstr("of an image of"));
  expect_nothing_written("sahara-4gib", Code::device_protocol, HasSubstr("of an image of"));
}

TEST(FlashFaults, AProgrammerThatLogsWithoutEnd) {
  expect_nothing_written("log-flood", Code::device_protocol, HasSubstr("without end"));
}

TEST(FlashFaults, HalfADocument) {
  expect_nothing_written("half-document", Code::timeout, HasSubstr("configure"));
}

TEST(FlashFaults, AProgrammerThatNeverAnswers) {
  expect_nothing_written("silent", Code::timeout, testing::_);
}

TEST(FlashFaults, AModemThatBabbles) {
  expect_nothing_written("babble@configure", Code::device_protocol, HasSubstr("more than fits"));
  TwinBench bench(with("babble@erase"));
  auto result = flash(bench);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::device_protocol);
  EXPECT_EQ(result.error().during, "erase SBL");
  EXPECT_FALSE(result.error().hint.empty());
}

TEST(FlashFaults, ARefusedConfigure) {
  expect_nothing_written("nak@configure", Code::device_refused, HasSubstr("configuration"));
}

TEST(FlashFaults, ALostHelloIsAskedForAgain) {
  TwinBench bench(with("lost-hello"));
  auto report = flash(bench);
  ASSERT_TRUE(report) << report.error().what;
}

TEST(FlashFaults, ARefusedEraseIsTheModemsNo) {
  TwinBench bench(with("nak@erase"));
  auto result = flash(bench);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::device_refused);
  EXPECT_THAT(result.error().what, HasSubstr("refused to erase SBL"));
  EXPECT_THAT(result.error().hint, HasSubstr("--override unknown"));
}

TEST(FlashFaults, ARefusedProgramIsTheModemsNo) {
  TwinBench bench(with("nak@program"));
  auto result = flash(bench);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::device_refused);
  EXPECT_THAT(result.error().what, HasSubstr("refused to program"));
  EXPECT_THAT(result.error().hint,
              AllOf(HasSubstr("no SBL: the boot ROM comes up in EDL by itself"), HasSubstr("--override unknown")));
  expect_rescuable(bench, "nak@program");
}

TEST(FlashFaults, AnEraseOfBlock0ThatFailsIsNotBelieved) {
  TwinBench bench(with("erase-fails:0"));
  auto result = flash(bench);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::device_refused);
  EXPECT_THAT(result.error().what, AllOf(HasSubstr("SBL was erased with ACK"), HasSubstr("sector 0 is not blank")));
  EXPECT_EQ(result.error().during, "erase SBL");  // its log was enough to look
}

TEST(FlashFaults, AnEraseThatFailsElsewhereIsToldInTheProgrammersWords) {
  TwinBench bench(with("erase-fails:" + std::to_string(tz_block)));
  auto result = flash(bench);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::device_refused);
  EXPECT_THAT(result.error().what, HasSubstr("device failed during erase of block 0xce"));
}

TEST(FlashFaults, APageThatFailsIsReadBackErasedAndProgrammedAgain) {
  for (auto page : {boot_page, boot_page + 1, boot_page + 4, std::uint64_t{0}, std::uint64_t{640}}) {
    TwinBench bench(with("page-fails:" + std::to_string(page)));
    auto report = flash(bench);
    ASSERT_TRUE(report) << page << ": " << report.error().what;
    EXPECT_EQ(report->after.revision, "EG25GGBR07A08M2G_30.006.30.006");
    EXPECT_THAT(bench.events.log(),
                AllOf(HasSubstr("mismatch with new_sector_address"), HasSubstr("erasing and programming it again")))
        << page;
  }
}

TEST(FlashFaults, APageThatFailsEveryTimeEndsTheFlash) {
  TwinBench bench(with("page-fails:" + std::to_string(boot_page)));
  test::FlashChoice once;
  once.programs_tried = 1;
  auto result = bench.flash(*newer_package("eg25-g"), once);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::device_refused);
  EXPECT_THAT(result.error().what, HasSubstr("boot could not be written well"));
  expect_rescuable(bench, "page-fails");
}

TEST(FlashFaults, AFactoryBadBlockIsSkipped) {
  for (auto block : {tz_block, std::uint64_t{1}, std::uint64_t{1500}}) {
    TwinBench bench(with("bad-block:" + std::to_string(block)));
    auto report = flash(bench);
    ASSERT_TRUE(report) << block << ": " << report.error().what;
    EXPECT_THAT(report->storage.bad_blocks, testing::ElementsAre(block));
  }
}

TEST(FlashFaults, ABadBlock0IsRefused) {
  TwinBench::Options options = with("bad-block:0");
  options.start = twin::Mode::edl;
  TwinBench bench(options);
  auto before = bench.fingerprint();
  auto result = bench.flash(*newer_package("eg25-g"), test::lifting_unknown());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().rule, "bad-blocks");
  EXPECT_EQ(bench.fingerprint(), before);
}

TEST(FlashFaults, ACutInTheMiddleOfTheDataIsRescued) {
  for (const auto* at : {"0", "1", "2048", "100000"}) {
    auto fault = "cut@" + std::string(at);
    TwinBench bench(with(fault));
    auto result = flash(bench);
    ASSERT_FALSE(result) << fault;
    EXPECT_EQ(result.error().code, Code::modem_lost) << fault;
    EXPECT_THAT(result.error().hint, HasSubstr("EDL by itself")) << fault;
    expect_rescuable(bench, fault);
  }
}

TEST(FlashFaults, AModemThatVanishesIsLost) {
  TwinBench bench(with("vanish@4096"));
  auto result = flash(bench);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::modem_lost);
  EXPECT_THAT(result.error().hint, HasSubstr("power the modem on"));
}

TEST(FlashFaults, AModemThatNeverComesBackIsLost) {
  TwinBench bench(with("never-returns"));
  auto result = flash(bench);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::modem_lost);
  EXPECT_THAT(result.error().what, HasSubstr("did not come back"));
  EXPECT_THAT(result.error().hint, HasSubstr("USB_BOOT"));
}

TEST(FlashFaults, AnotherRevisionThanThePackagesIsNotProven) {
  TwinBench bench(with("wrong-revision"));
  auto result = flash(bench);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::not_proven);
  EXPECT_THAT(result.error().what, HasSubstr("the package is EG25GGBR07A08M2G_30.006.30.006"));
}

TEST(FlashFaults, AHostThatLeavesOutZeroLengthPacketsFailsHonestly) {
  TwinBench bench;
  bench.bus.habits.send_zlp = false;
  auto result = flash(bench);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().hint, HasSubstr("--override unknown"));
  bench.bus.habits.send_zlp = true;
  expect_rescuable(bench, "no ZLP");
}

}  // namespace
}  // namespace modemedic::operation
