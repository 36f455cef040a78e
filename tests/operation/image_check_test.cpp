#include "operation/image_check.h"

#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What a programmer acknowledges and did not do: found by asking the chip again and by reading back, and mended.
namespace modemedic::operation {
namespace {

using test::must;
using test::newer_package;
using test::newer_revision;
using test::TwinBench;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TwinBench::Options with(const std::string& fault) {
  TwinBench::Options options;
  options.faults = {fault};
  return options;
}

const firmware::Image& image_of(const std::string& partition) {
  const auto& images = newer_package("eg25-g")->images;
  return *std::ranges::find(images, partition, &firmware::Image::partition);
}

std::uint64_t block_of(const std::string& partition) {
  return image_of(partition).range.start.n / newer_package("eg25-g")->geometry.pages_per_block;
}

Result<FlashReport> flash(TwinBench& bench, Verify verify) {
  test::FlashChoice choice;
  choice.verify = verify;
  return bench.flash(*newer_package("eg25-g"), choice);
}

/// Whether every image is on the chip, byte for byte, seen past the programmer.
bool holds(TwinBench& bench, const std::string& partition) {
  const auto& package = *newer_package("eg25-g");
  const auto& image = image_of(partition);
  auto bytes = must(firmware::read_file(package, image.file, 64_MiB));
  auto page_size = package.geometry.page_size;
  auto page = image.range.start.n;
  for (std::size_t at = 0; at < bytes.size(); at += page_size, ++page) {
    while (bench.modem->nand().bad(page / package.geometry.pages_per_block)) {
      page += package.geometry.pages_per_block;
    }
    auto piece = ByteView(bytes).subspan(at, std::min<std::size_t>(page_size, bytes.size() - at));
    auto there = bench.modem->nand().peek(page);
    if (there.empty() ? !std::ranges::all_of(piece, [](auto b) { return b == std::byte{0xFF}; })
                      : !std::ranges::equal(there.first(piece.size()), piece)) {
      return false;
    }
  }
  return true;
}

TEST(VerifyRead, ReadsBackEveryImage) {
  TwinBench bench;
  auto report = must(flash(bench, Verify::read));
  EXPECT_THAT(report.read_back, SizeIs(newer_package("eg25-g")->images.size()));
  EXPECT_THAT(report.new_bad_blocks, IsEmpty());
}

TEST(VerifyBoot, ReadsBackNothingWhereNothingIsInDoubt) {
  TwinBench bench;
  EXPECT_THAT(must(flash(bench, Verify::boot)).read_back, IsEmpty());
}

/// A page of an image that isn't needed to boot: only reading finds that it is lost.
TEST(VerifyRead, FindsWhatNoBootShows) {
  auto page = image_of("recovery").range.start.n + 1;
  {
    TwinBench bench(with("page-lost:" + std::to_string(page)));
    must(flash(bench, Verify::boot));
    EXPECT_FALSE(holds(bench, "recovery"));
  }
  TwinBench bench(with("page-lost:" + std::to_string(page)));
  auto report = must(flash(bench, Verify::read));
  EXPECT_TRUE(holds(bench, "recovery"));
  EXPECT_THAT(report.read_back, Contains("recovery"));
  EXPECT_THAT(bench.events.log(), HasSubstr("recovery is not what was sent"));
}

TEST(ImageCheck, FindsBlocksThatTurnedBadByAskingTheChipAgain) {
  for (const auto* partition : {"boot", "system", "TZ", "aboot", "recovery"}) {
    SCOPED_TRACE(partition);
    auto block = block_of(partition);
    TwinBench bench(with("grows-bad:" + std::to_string(block)));
    auto result = flash(bench, Verify::boot);
    ASSERT_TRUE(result) << result.error().what << " / " << result.error().hint;
    EXPECT_THAT(result->new_bad_blocks, ElementsAre(block));
    EXPECT_THAT(result->read_back, SizeIs(newer_package("eg25-g")->images.size()));
    EXPECT_TRUE(holds(bench, partition));
    EXPECT_THAT(bench.events.log(), HasSubstr("turned bad during the flash"));
  }
}

TEST(ImageCheck, WritesTheTableAnewWhenABlockOfItTurnsBad) {
  auto block = block_of("MIBIB");
  TwinBench bench(with("grows-bad:" + std::to_string(block)));
  auto result = flash(bench, Verify::boot);
  ASSERT_TRUE(result) << result.error().what << " / " << result.error().hint;
  EXPECT_THAT(result->new_bad_blocks, ElementsAre(block));
  EXPECT_EQ(result->after.revision, newer_revision("eg25-g"));
}

/// SBL is looked at before the modem is reset: a torn one would not be missed by the boot ROM, a wrong one might.
TEST(VerifyRead, FindsAPageOfSblThatIsLost) {
  auto page = image_of("SBL").range.start.n + 1;
  TwinBench bench(with("page-lost:" + std::to_string(page)));
  must(flash(bench, Verify::read));
  EXPECT_TRUE(holds(bench, "SBL"));
  EXPECT_THAT(bench.events.log(), HasSubstr("SBL is not what was sent"));
}

TEST(ImageCheck, GivesUpOnAChipThatHasNoRoomLeft) {
  TwinBench bench(with("grows-bad:0"));
  auto result = flash(bench, Verify::boot);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().rule, "bad-blocks");
  EXPECT_THAT(result.error().hint, HasSubstr("What the modem has now"));
}

TEST(Retry, IsGivenToWhatAsksForIt) {
  for (const auto* tag : {"erase", "program"}) {
    TwinBench bench(with(std::string("retry@") + tag));
    auto result = flash(bench, Verify::boot);
    ASSERT_TRUE(result) << tag << ": " << result.error().what;
    EXPECT_EQ(result->after.revision, newer_revision("eg25-g"));
  }
}

TEST(Retry, WaitsForASlowErase) {
  TwinBench bench(with("slow-erase:45"));
  EXPECT_TRUE(flash(bench, Verify::boot));
}

TEST(Retry, GetsAProgrammerBackThatStoppedInTheMiddle) {
  for (const auto* at : {"20000", "300000", "1500000"}) {
    TwinBench bench(with(std::string("stall@") + at));
    auto result = flash(bench, Verify::boot);
    ASSERT_TRUE(result) << at << ": " << result.error().what << " / " << result.error().hint;
    EXPECT_THAT(bench.events.log(),
                AllOf(HasSubstr("takes no more data"), HasSubstr("erasing and programming it again")));
    EXPECT_THAT(result->read_back, Not(IsEmpty()));
  }
}

}  // namespace
}  // namespace modemedic::operation
