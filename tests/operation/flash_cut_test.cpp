#include "operation/flash.h"
#include "rehearsal/memory_journals.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::newer_package;
using test::newer_revision;
using test::TwinBench;
using testing::AnyOf;
using testing::StartsWith;

class FlashCut : public testing::TestWithParam<std::string> {
protected:
  TwinBench::Options options() const {
    TwinBench::Options options;
    options.persona = GetParam();
    options.real_timing = true;
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(Personas, FlashCut, testing::Values("eg25-g", "ec25-e"),
                         [](const auto& value) { return value.param == "eg25-g" ? "Eg25G" : "Ec25E"; });

/// When, in a flash that nobody disturbs, the first erase begins and the reset follows.
struct Moments {
  Duration first_erase{};
  Duration reset{};
  Duration end{};
};

Moments watch(const TwinBench::Options& options, const firmware::Package& package) {
  TwinBench bench(options);
  auto start = bench.clock.now();
  Moments moments;
  bench.events.on_event = [&](const Event& event) {
    const auto* step = std::get_if<event::Step>(&event);
    if (step != nullptr && step->id == "erase" && moments.first_erase == 0s) {
      moments.first_erase = bench.clock.now() - start;
    } else if (step != nullptr && step->id == "reset") {
      moments.reset = bench.clock.now() - start;
    }
  };
  test::must(bench.flash(package));
  moments.end = bench.clock.now() - start;
  return moments;
}

/// Power is cut at many moments, most of them between the first erase and the reset, on a modem that shows nothing on
/// USB when its boot chain is torn. Whatever is on the chip then, it boots or waits in EDL, and the same package
/// brings it to the new firmware with its own IMEI.
TEST_P(FlashCut, AtAnyMomentLeavesAModemThatCanBeFlashed) {
  const auto& package = *newer_package(GetParam());
  auto merciless = options();
  merciless.dark_when_torn = true;
  auto moments = watch(merciless, package);
  std::vector<Duration> cuts;
  cuts.reserve(100);
  for (int i = 0; i < 20; ++i) {
    cuts.push_back(moments.end * i / 20);
  }
  for (int i = 0; i < 80; ++i) {
    cuts.push_back(moments.first_erase + (moments.reset - moments.first_erase) * i / 80);
  }
  auto in_edl = 0;
  for (auto at : cuts) {
    SCOPED_TRACE(std::chrono::duration<double>(at).count());
    TwinBench bench(merciless);
    auto imei = bench.modem->imei();
    bench.timers.after(at, [&] { bench.modem->power_cut(); });
    ASSERT_FALSE(bench.flash(package));
    bench.power_cycle();
    ASSERT_THAT(bench.modem->state(), AnyOf(StartsWith("running"), StartsWith("edl")));
    in_edl += bench.modem->state().starts_with("edl") ? 1 : 0;
    auto again = bench.flash(package, test::lifting_unknown());
    ASSERT_TRUE(again) << again.error().what << " / " << again.error().hint;
    EXPECT_EQ(again->after.revision, newer_revision(GetParam()));
    EXPECT_EQ(again->after.imei, imei);
  }
  EXPECT_GE(in_edl, 75);
}

/// The same with a journal: the next flash goes on from what stands, knows the modem again, and sends no more than it
/// must. The journal is torn now and then, as a host that dies tears it.
TEST_P(FlashCut, IsTakenUpWhereItStopped) {
  const auto& package = *newer_package(GetParam());
  auto moments = watch(options(), package);
  std::uint64_t whole = 0;
  for (const auto& image : package.images) {
    whole += package.file(image).size;
  }
  std::uint64_t least = whole;
  for (int i = 0; i < 40; ++i) {
    SCOPED_TRACE(i);
    TwinBench bench(options());
    rehearsal::MemoryJournals journals;
    auto with_journal = test::lifting_unknown();
    with_journal.journals = &journals;
    with_journal.time = "2026-11-21T09:30:00Z";
    auto at = moments.first_erase + (moments.reset - moments.first_erase) * (i + 1) / 41;
    bench.timers.after(at, [&] { bench.modem->power_cut(); });
    ASSERT_FALSE(bench.flash(package, with_journal));
    bench.power_cycle();
    if (i % 4 == 3) {
      auto& torn = journals.files.begin()->second;
      torn.resize(torn.size() - static_cast<std::size_t>(i) * 7);
    }
    auto before = bench.modem->imei();
    auto again = bench.flash(package, with_journal);
    ASSERT_TRUE(again) << again.error().what << " / " << again.error().hint;
    EXPECT_EQ(again->after.revision, newer_revision(GetParam()));
    EXPECT_EQ(again->after.imei, before);
    least = std::min(least, again->bytes_programmed);
    EXPECT_EQ(again->standing > 0, again->bytes_programmed < whole);
  }
  EXPECT_LT(least, whole / 2) << "a flash that was cut near its end has little left to do";
}

/// What the journal says is there is read: a chip that changed since is written again.
TEST_P(FlashCut, DoesNotBelieveItsJournal) {
  const auto& package = *newer_package(GetParam());
  auto moments = watch(options(), package);
  TwinBench bench(options());
  rehearsal::MemoryJournals journals;
  auto with_journal = test::lifting_unknown();
  with_journal.journals = &journals;
  with_journal.time = "2026-11-21T09:30:00Z";
  bench.timers.after(moments.reset - 1ms, [&] { bench.modem->power_cut(); });
  ASSERT_FALSE(bench.flash(package, with_journal));
  const auto& spoilt = package.images.back();
  auto& nand = bench.modem->nand();
  auto block = spoilt.range.start.n / bench.persona.geometry.pages_per_block;
  ASSERT_TRUE(nand.erase(block));
  bench.power_cycle();
  auto again = bench.flash(package, with_journal);
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(again->after.revision, newer_revision(GetParam()));
  EXPECT_GT(again->standing, 0U);
  EXPECT_GE(again->bytes_programmed, package.file(spoilt).size);
}

/// The disk is full at some line of the journal: the flash goes on, says so once, and the next one after a cut begins
/// anew.
TEST_P(FlashCut, OnAFullDiskIsBegunAnew) {
  const auto& package = *newer_package(GetParam());
  for (std::size_t room : {0U, 150U, 600U, 1500U}) {
    SCOPED_TRACE(room);
    TwinBench bench(options());
    rehearsal::MemoryJournals journals;
    journals.room = room;
    auto choice = test::lifting_unknown();
    choice.journals = &journals;
    choice.time = "2026-11-21T09:30:00Z";
    bench.events.on_event = [&](const Event& event) {
      const auto* step = std::get_if<event::Step>(&event);
      if (step != nullptr && step->id == "reset") {
        bench.modem->power_cut();
      }
    };
    ASSERT_FALSE(bench.flash(package, choice));
    bench.events.on_event = nullptr;
    auto said = bench.events.log();
    auto first = said.find("begins anew");
    ASSERT_NE(first, std::string::npos) << said;
    EXPECT_EQ(said.find("begins anew", first + 1), std::string::npos);
    ASSERT_TRUE(bench.modem->nand().erase(0));
    bench.power_cycle();
    auto again = bench.flash(package, choice);
    ASSERT_TRUE(again) << again.error().what << " / " << again.error().hint;
    EXPECT_EQ(again->after.revision, newer_revision(GetParam()));
    EXPECT_EQ(again->standing, 0U);
  }
}

/// The host goes away instead of the modem: the programmer runs on, perhaps in the middle of an image.
TEST_P(FlashCut, OfTheHostLeavesAModemThatTheNextHostTakesOver) {
  const auto& package = *newer_package(GetParam());
  for (std::uint64_t after : {std::uint64_t{0}, std::uint64_t{16384}, std::uint64_t{49152}}) {
    auto start = options();
    start.start = twin::Mode::edl;
    TwinBench bench(start);
    test::die_in_raw_mode(bench, package, after);
    auto again = bench.flash(package, test::lifting_unknown());
    ASSERT_TRUE(again) << after << ": " << again.error().what << " / " << again.error().hint;
    EXPECT_EQ(again->after.revision, newer_revision(GetParam()));
  }
}

}  // namespace
}  // namespace modemedic::operation
