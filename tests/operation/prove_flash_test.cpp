#include "operation/prove_flash.h"

#include "operation/flash.h"
#include "support/twin_bench.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Every byte was taken with ACK, and still the modem is not what it should be: what a person is told then (story 5).
namespace modemedic::operation {
namespace {

using test::BenchPackage;
using test::TwinBench;
using testing::AllOf;
using testing::HasSubstr;

void overwrite_head(Buffer& bytes) {
  std::fill_n(bytes.begin(), 16, std::byte{0x55});
}

Error failure_of(const std::string& file, const std::function<void(Buffer&)>& spoil) {
  BenchPackage package("eg25-g", file, spoil);
  TwinBench bench;
  auto result = bench.flash(*package);
  return result ? Error{} : result.error();
}

TEST(ProveFlash, SaysWhatEdlAfterAFlashMeansAndHowToTellTheCausesApart) {
  auto error = failure_of("sbl1.mbn", overwrite_head);
  EXPECT_EQ(error.code, Code::not_proven);
  EXPECT_THAT(error.what, HasSubstr("in EDL again"));
  EXPECT_THAT(error.hint, AllOf(HasSubstr("wrong firmware, fused keys, bad flash, or the boot pin is held"),
                                HasSubstr("USB_BOOT"), HasSubstr("label"), HasSubstr("fused")));
}

TEST(ProveFlash, SaysThatTheBootLoaderStopped) {
  for (const auto* file : {"tz.mbn", "rpm.mbn", "appsboot.mbn"}) {
    auto error = failure_of(file, overwrite_head);
    EXPECT_EQ(error.code, Code::not_proven) << file;
    EXPECT_THAT(error.what, HasSubstr("TZ, RPM or aboot was not accepted")) << file;
  }
}

TEST(ProveFlash, SaysThatTheModemIsInFastboot) {
  auto error = failure_of("boot.img", overwrite_head);
  EXPECT_EQ(error.code, Code::not_proven);
  EXPECT_THAT(error.what, HasSubstr("in fastboot"));
  EXPECT_THAT(error.hint, HasSubstr("fastboot reboot"));
}

TEST(ProveFlash, SaysThatAtIsSilent) {
  TwinBench bench;
  const auto& package = *test::newer_package("eg25-g");
  auto before = test::must(bench.flash(package)).after;
  auto gone = test::must(bench.find()).device;
  const auto& modem = *firmware::find_partition(bench.persona.table, "modem");
  auto pages = bench.persona.geometry.pages_per_block;
  for (std::uint64_t block = modem.range.start.n / pages + 1; block < modem.range.end().n / pages; ++block) {
    bench.modem->nand().erase(block);
  }
  bench.power_cycle();
  auto result = prove_flash(bench.bus, gone, before, package, bench.events, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::not_proven);
  EXPECT_THAT(result.error().what, HasSubstr("AT does not answer"));
}

TEST(ProveFlash, SaysThatTheModemDoesNotStay) {
  auto error = failure_of("sysfs.ubi", overwrite_head);
  EXPECT_EQ(error.code, Code::modem_lost);
  EXPECT_THAT(error.what, HasSubstr("a boot loop"));
}

TEST(ProveFlash, DoesNotCallAModemWithoutImeiProven) {
  TwinBench bench;
  for (std::uint64_t block = 1280 / 64; block < 9984 / 64; ++block) {
    bench.modem->nand().erase(block);
  }
  bench.power_cycle();
  auto result = bench.flash(*test::newer_package("eg25-g"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::not_proven);
  EXPECT_THAT(result.error().what, HasSubstr("no IMEI, as before the flash"));
}

}  // namespace
}  // namespace modemedic::operation
