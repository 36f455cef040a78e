#include "operation/read_back.h"
#include "rehearsal/memory_journals.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Reading back by getsha256digest, on programmers that have it: nothing but a digest that fits is believed.
namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::must;
using test::newer_package;
using test::newer_revision;
using test::TwinBench;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const firmware::Package& package() {
  return *newer_package("eg25-g");
}

TwinBench::Options with(std::vector<std::string> faults) {
  TwinBench::Options options;
  options.faults = std::move(faults);
  return options;
}

const firmware::Image& image_of(const std::string& partition) {
  return *std::ranges::find(package().images, partition, &firmware::Image::partition);
}

/// How often each word stood in what the programmer logged, and what the steps said.
std::size_t count(const TwinBench& bench, const std::string& word) {
  std::size_t found = 0;
  for (const auto& event : bench.events.recorded) {
    const auto* log = std::get_if<event::Log>(&event);
    const auto* step = std::get_if<event::Step>(&event);
    const auto said = log != nullptr ? log->text : step != nullptr ? step->what : "";
    if (said.find(word) != std::string::npos) {
      ++found;
    }
  }
  return found;
}

/// What the twin logs at each read.
const std::string reads = "raw_data_buffer_sector_capacity";

test::FlashChoice reading_back() {
  test::FlashChoice choice;
  choice.verify = Verify::read;
  return choice;
}

/// Reads that every flash does, whatever it verifies: SBL's blank range, the chip's table.
std::size_t reads_without_verify() {
  TwinBench bench;
  must(bench.flash(package()));
  return count(bench, reads);
}

TEST(Digest, ProvesEveryImageWithoutReadingOne) {
  for (auto later : {false, true}) {
    auto options = with({"tells-digests"});
    options.later_programmer = later;
    TwinBench bench(options);
    auto report = must(bench.flash(package(), reading_back()));
    EXPECT_THAT(report.read_back, SizeIs(package().images.size()));
    EXPECT_EQ(count(bench, reads), reads_without_verify());
    EXPECT_EQ(count(bench, "ask for the digest of"), package().images.size());
  }
}

TEST(Digest, IsNotAskedOfAProgrammerThatHasNone) {
  TwinBench bench;
  must(bench.flash(package(), reading_back()));
  EXPECT_EQ(count(bench, "getsha256digest"), 0U);
  EXPECT_EQ(count(bench, "ask for the digest of"), 0U);
  EXPECT_GE(count(bench, reads), reads_without_verify() + package().images.size());
}

/// A page of an image that isn't needed to boot is lost: its digest is another, reading shows that the image is wrong,
/// and it is written again.
TEST(Digest, FindsWhatNoBootShows) {
  auto page = image_of("recovery").range.start.n + 1;
  TwinBench bench(with({"tells-digests", "page-lost:" + std::to_string(page)}));
  auto report = must(bench.flash(package(), reading_back()));
  EXPECT_THAT(bench.events.log(), HasSubstr("recovery is not what was sent"));
  EXPECT_THAT(report.read_back, SizeIs(package().images.size()));
  EXPECT_FALSE(bench.modem->nand().peek(page).empty());
}

/// Digests of something else: the image is read, is right, and the programmer is asked for no more of them.
TEST(Digest, ThatIsOfSomethingElseIsNotBelieved) {
  TwinBench bench(with({"tells-digests", "wrong-digest"}));
  auto report = must(bench.flash(package(), reading_back()));
  EXPECT_THAT(report.read_back, SizeIs(package().images.size()));
  EXPECT_EQ(count(bench, "ask for the digest of"), 1U);
  EXPECT_GE(count(bench, reads), reads_without_verify() + package().images.size());
  EXPECT_THAT(bench.events.log(), Not(HasSubstr("is not what was sent")));
}

TEST(Digest, ThatIsRefusedIsReadInstead) {
  TwinBench bench(with({"tells-digests", "nak@getsha256digest"}));
  auto report = must(bench.flash(package(), reading_back()));
  EXPECT_THAT(report.read_back, SizeIs(package().images.size()));
  EXPECT_GT(count(bench, reads), reads_without_verify());
}

TEST(Digest, ThatIsNeverAnsweredIsReadInstead) {
  TwinBench bench(with({"tells-digests", "unanswered@getsha256digest"}));
  auto report = must(bench.flash(package(), reading_back()));
  EXPECT_THAT(report.read_back, SizeIs(package().images.size()));
  EXPECT_EQ(count(bench, "ask for the digest of"), 1U);
}

/// Bad blocks in the ranges: each run of good blocks has its own digest, and none counts a bad block's bytes.
TEST(Digest, LeavesBadBlocksOut) {
  auto options = with({"tells-digests"});
  auto block = image_of("recovery").range.start.n / package().geometry.pages_per_block;
  options.bad_blocks = {block, block + 2};
  TwinBench bench(options);
  auto report = must(bench.flash(package(), reading_back()));
  EXPECT_THAT(report.read_back, SizeIs(package().images.size()));
  EXPECT_THAT(bench.events.log(), Not(HasSubstr("is not what was sent")));
  EXPECT_EQ(count(bench, "ask for the digest of"), package().images.size());
}

/// A flash that was cut goes on from what the digests prove, and from nothing else.
TEST(Digest, ShowsWhatACutFlashHasLeft) {
  for (const auto* spoil : {"", "boot"}) {
    SCOPED_TRACE(spoil);
    auto options = with({"tells-digests"});
    options.real_timing = true;
    TwinBench bench(options);
    rehearsal::MemoryJournals journals;
    auto choice = test::lifting_unknown();
    choice.journals = &journals;
    choice.time = "2026-11-21T09:30:00Z";
    bench.events.on_event = [&](const Event& event) {
      const auto* step = std::get_if<event::Step>(&event);
      if (step != nullptr && step->id == "reset") {
        bench.modem->power_cut();
      }
    };
    ASSERT_FALSE(bench.flash(package(), choice));
    bench.events.on_event = nullptr;
    auto& nand = bench.modem->nand();
    if (*spoil != '\0') {
      ASSERT_TRUE(nand.erase(image_of(spoil).range.start.n / package().geometry.pages_per_block));
    }
    ASSERT_TRUE(nand.erase(0)) << "SBL: so that it waits in EDL";
    bench.power_cycle();
    bench.events.recorded.clear();
    auto again = must(bench.flash(package(), choice));
    EXPECT_EQ(again.after.revision, newer_revision("eg25-g"));
    EXPECT_EQ(again.standing, package().images.size() - 1 - (*spoil != '\0' ? 1 : 0)) << "all but SBL";
  }
}

}  // namespace
}  // namespace modemedic::operation
