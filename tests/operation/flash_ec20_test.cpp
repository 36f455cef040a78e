#include "operation/choose_method.h"
#include "operation/flash.h"
#include "operation/rescue.h"
#include "operation/run_streaming.h"
#include "operation/upload.h"
#include "protocol/hdlc.h"
#include "rehearsal/memory_journals.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::must;
using test::newer_package;
using test::newer_revision;
using test::TwinBench;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TwinBench::Options ec20(twin::Mode start = twin::Mode::running, std::vector<std::string> faults = {}) {
  TwinBench::Options options;
  options.persona = "ec20";
  options.faults = std::move(faults);
  options.start = start;
  options.real_timing = true;
  return options;
}

test::FlashChoice with_backup() {
  test::FlashChoice choice;
  choice.overrides = {"unknown", "efs"};
  choice.backup_at_hand = true;
  return choice;
}

void erase(TwinBench& bench, std::string_view partition) {
  const auto* found = firmware::find_partition(bench.persona.table, partition);
  ASSERT_NE(found, nullptr);
  auto pages = bench.persona.geometry.pages_per_block;
  for (auto block = found->range.start.n / pages; block < found->range.end().n / pages; ++block) {
    ASSERT_TRUE(bench.modem->nand().erase(block));
  }
}

TEST(FlashEc20, RunningModemIsFlashedByFastbootAndProvesItself) {
  TwinBench bench(ec20());
  auto imei = bench.modem->imei();
  rehearsal::MemoryJournals journals;
  test::FlashChoice choice;
  choice.journals = &journals;
  choice.time = "2026-11-21T00:00:00Z";
  auto report = bench.flash(*newer_package("ec20"), choice);
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  EXPECT_EQ(report->before.revision, "EC20EQAR02A04E2G");
  EXPECT_EQ(report->after.revision, newer_revision("ec20"));
  EXPECT_EQ(bench.modem->imei(), imei);
  EXPECT_THAT(bench.events.steps(), Not(Contains("table")));
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("running")) << "the force flag is gone";
}

TEST(FlashEc20, OneInFastbootIsUnknownAndFlashedFromThere) {
  TwinBench bench(ec20(twin::Mode::fastboot));
  auto before = bench.fingerprint();
  auto refused = bench.flash(*newer_package("ec20"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "unknown");
  EXPECT_EQ(bench.fingerprint(), before);

  auto report = bench.flash(*newer_package("ec20"), test::lifting_unknown());
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->after.revision, newer_revision("ec20"));
}

TEST(FlashEc20, DownloadModeNeedsABackupBeforeTheTableIsSent) {
  TwinBench bench(ec20());
  erase(bench, "APPSBL");
  bench.power_cycle();
  ASSERT_THAT(bench.modem->state(), StartsWith("download mode"));
  auto before = bench.fingerprint();
  auto choice = with_backup();
  choice.backup_at_hand = false;
  auto refused = bench.flash(*newer_package("ec20"), choice);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "efs");
  EXPECT_THAT(refused.error().hint, HasSubstr("--backup"));
  choice = with_backup();
  choice.overrides = {"unknown"};
  EXPECT_EQ(bench.flash(*newer_package("ec20"), choice).error().rule, "efs");
  EXPECT_EQ(bench.fingerprint(), before) << "nothing was sent";

  auto report = bench.flash(*newer_package("ec20"), with_backup());
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  EXPECT_EQ(report->after.revision, newer_revision("ec20"));
  EXPECT_EQ(report->after.imei, bench.modem->imei());
}

TEST(FlashEc20, EnprgIsTriedWhereNprgIsRefused) {
  TwinBench bench(ec20(twin::Mode::download, {"loader-refused"}));
  auto report = bench.flash(*newer_package("ec20"), with_backup());
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->after.revision, newer_revision("ec20"));
}

/// What a host that died has left: its loader, with a partition open and half written.
TEST(FlashEc20, GoesOnWithALoaderThatRunsAlreadyAndClosesWhatItHasOpen) {
  for (auto left_open : {false, true}) {
    TwinBench bench(ec20(twin::Mode::download));
    const auto& package = *newer_package("ec20");
    {
      auto pipe = must(open_edl(bench.bus, must(bench.find()).device));
      ASSERT_FALSE(must(start_loader(*pipe, bench.clock, package))) << "no loader ran before";
    }
    bench.bus.run_until([&] { return bench.modem->state().find("streaming loader") != std::string::npos; },
                        Deadline::in(bench.clock, 60s));
    if (left_open) {
      auto pipe = must(open_edl(bench.bus, must(bench.find()).device));
      StreamingLink link(*pipe, bench.clock, bench.events);
      must(link.run(protocol::StreamingHost::Session{must(read_user_table(package)),
                                                     protocol::StreamingHost::TableRisk::loss_accepted, true}));
      auto image = std::ranges::find(package.images, "SBL2", &firmware::Image::partition);
      std::stop_source stop;
      auto half = link.write(
          package, image->file, "SBL2",
          [&](std::uint64_t done) { static_cast<void>(done > 4000 && stop.request_stop()); }, stop.get_token());
      ASSERT_FALSE(half);
    }
    auto report = bench.flash(package, with_backup());
    ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
    EXPECT_EQ(report->after.revision, newer_revision("ec20"));
    EXPECT_EQ(report->after.imei, bench.modem->imei());
  }
}

TEST(FlashEc20, ALoaderThatNeverStartsIsSaidAndNothingWasWritten) {
  TwinBench bench(ec20(twin::Mode::download, {"loader-dead"}));
  auto before = bench.fingerprint();
  auto report = bench.flash(*newer_package("ec20"), with_backup());
  ASSERT_FALSE(report);
  EXPECT_EQ(bench.fingerprint(), before);
}

TEST(FlashEc20, ABootLoaderThatAcksTheWrongAddressEndsTheFlash) {
  TwinBench bench(ec20(twin::Mode::download, {"wrong-address@5000"}));
  auto report = bench.flash(*newer_package("ec20"), with_backup());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::device_protocol);
  EXPECT_THAT(report.error().hint, HasSubstr("What the modem has now"));
}

TEST(FlashEc20, AskedForDownloadItStreamsFromTheRunningModem) {
  TwinBench bench(ec20());
  auto choice = with_backup();
  choice.method = plan::Method::download;
  auto report = bench.flash(*newer_package("ec20"), choice);
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  EXPECT_THAT(bench.events.steps(), testing::IsSupersetOf({"switch", "upload", "table", "stream", "restart", "flash"}));
  EXPECT_EQ(report->after.imei, report->before.imei);
}

/// Whether what is torn in its boot chain still finds its way into download mode, or shows nothing on USB.
class CutFlashEc20 : public testing::TestWithParam<bool> {};

/// A cut at each half second of it, and then what a person does: until it is done.
TEST_P(CutFlashEc20, GoesOnAfterACutAtAnyStep) {
  for (auto by : {plan::Method::fastboot, plan::Method::download}) {
    for (auto cut = 500ms; cut < 70s; cut += 1300ms) {
      auto options = ec20();
      options.dark_when_torn = GetParam();
      TwinBench bench(options);
      auto imei = bench.modem->imei();
      bench.timers.after(cut, [&] { bench.modem->power_cut(); });
      auto choice = with_backup();
      choice.method = by;
      auto first = bench.flash(*newer_package("ec20"), choice);
      if (first) {
        break;
      }
      bench.power_cycle();
      auto again = bench.flash(*newer_package("ec20"), with_backup());
      ASSERT_TRUE(again) << name(by) << " cut at " << cut.count() << " ms (" << first.error().what << "), then "
                         << again.error().what << " / " << bench.modem->state();
      EXPECT_EQ(again->after.revision, newer_revision("ec20"));
      EXPECT_EQ(bench.modem->imei(), imei);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Torn, CutFlashEc20, testing::Bool());

/// A reboot would lead back here, or start what the flash has left.
TEST(FlashEc20, RescueDoesNotRebootOneWhoseFlashWasCut) {
  TwinBench bench(ec20(twin::Mode::fastboot));
  rehearsal::MemoryJournals journals;
  auto choice = with_backup();
  choice.journals = &journals;
  choice.time = "2026-11-21T00:00:00Z";
  bench.timers.after(100ms, [&] { bench.modem->power_cut(); });
  ASSERT_FALSE(bench.flash(*newer_package("ec20"), choice));
  bench.power_cycle();
  ASSERT_THAT(bench.modem->state(), StartsWith("fastboot"));

  RescueOptions how;
  how.gate.overrides = {"unknown"};
  how.flash.journals = &journals;
  how.flash.time = "2026-11-21T00:01:00Z";
  auto before = bench.fingerprint();
  auto without = rescue(bench.bus, must(bench.find()), how, bench.events, {});
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().rule, "package");
  EXPECT_EQ(bench.fingerprint(), before);
  EXPECT_THAT(bench.modem->state(), StartsWith("fastboot"));

  auto plan = must(plan::prove_plan(must(plan::make_plan(*newer_package("ec20"))), *newer_package("ec20")));
  how.cure = [&](const PastJob*) { return std::optional(Cure{&*newer_package("ec20"), &plan}); };
  auto with = rescue(bench.bus, must(bench.find()), how, bench.events, {});
  ASSERT_TRUE(with) << with.error().what;
  EXPECT_EQ(with->after.revision, newer_revision("ec20"));
}

/// Only AT leads into fastboot: where it is silent, DIAG leads into download mode.
TEST(FlashEc20, GoesByDownloadModeWhereAtIsSilent) {
  TwinBench bench(ec20());
  erase(bench, "dsp2");
  bench.power_cycle();
  ASSERT_THAT(bench.modem->state(), StartsWith("running"));
  auto choice = with_backup();
  choice.method = choose_method(must(bench.find()), *newer_package("ec20"), std::nullopt, At::silent).method;
  EXPECT_EQ(choice.method, plan::Method::download);
  auto report = bench.flash(*newer_package("ec20"), choice);
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  EXPECT_EQ(report->after.revision, newer_revision("ec20"));
}

/// What the field's tool failed at: it did not wait for fastboot.
TEST(FlashEc20, WaitsTheThirteenSecondsUntilFastbootComesUp) {
  TwinBench bench(ec20(twin::Mode::download));
  auto report = bench.flash(*newer_package("ec20"), with_backup());
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_GT(report->whole_time, 13s);
}

TEST(FlashEc20, A9x07PackageIsRefusedForA9x15AndTheReverse) {
  TwinBench bench(ec20());
  auto before = bench.fingerprint();
  auto refused = bench.flash(*newer_package("eg25-g"), with_backup());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::refused);
  EXPECT_EQ(bench.fingerprint(), before);
  EXPECT_THAT(bench.modem->state(), StartsWith("running")) << "nothing was sent";

  TwinBench other;
  before = other.fingerprint();
  refused = other.flash(*newer_package("ec20"), with_backup());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::refused);
  EXPECT_EQ(other.fingerprint(), before);
  EXPECT_THAT(other.modem->state(), StartsWith("running"));
}

/// Its boot loader doesn't say which chip it is of, but an EC20's has MDM9615 for its serial: whatever is lifted.
TEST(FlashEc20, ItsPackageIsRefusedForABootLoaderThatIsNotAnEc20s) {
  TwinBench::Options options;
  options.start = twin::Mode::fastboot;
  TwinBench bench(options);
  auto before = bench.fingerprint();
  auto choice = with_backup();
  choice.overrides = {"unknown", "efs", "mode"};
  auto refused = bench.flash(*newer_package("ec20"), choice);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::refused);
  EXPECT_THAT(refused.error().what, HasSubstr("MDM9615"));
  EXPECT_EQ(bench.fingerprint(), before);
}

}  // namespace
}  // namespace modemedic::operation
