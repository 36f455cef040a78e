#include "operation/flash.h"
#include "operation/read_back.h"
#include "rehearsal/memory_journals.h"
#include "support/twin_bench.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// A package that changes after it was verified: the digest that was checked must be the one of the bytes that the
/// modem ends up with, on whatever way they got there.
namespace modemedic::operation {
namespace {

using test::BenchPackage;
using test::must;
using test::TwinBench;
using testing::HasSubstr;
using testing::StartsWith;

constexpr auto newer = "EG25GGBR07A08M2G_30.006.30.006";

class ChangedPackage : public testing::Test {
protected:
  ChangedPackage() : package_(must(twin::find_persona("eg25-g")), newer) {}

  const firmware::Image& image(const std::string& partition) const {
    const auto& images = package_->images;
    return *std::ranges::find(images, partition, &firmware::Image::partition);
  }

  std::string file_of(const std::string& partition) const {
    return package_.path() + "/" + package_->root + package_->file(image(partition)).path;
  }

  /// One bit of the last byte.
  void change(const std::string& partition) const {
    auto bytes = test::read_file(file_of(partition));
    bytes.back() ^= std::byte{1};
    test::write_file(file_of(partition), bytes);
  }

  /// Puts what the file holds now onto the chip, as the programmer would.
  void put_on_chip(TwinBench& bench, const std::string& partition) const {
    auto bytes = test::read_file(file_of(partition));
    const auto& geometry = package_->geometry;
    bytes.resize(geometry.bytes(geometry.sectors_for(bytes.size())), std::byte{0xFF});
    auto& nand = bench.modem->nand();
    const auto& range = image(partition).range;
    for (auto at = range.start.n; at < range.end().n; at += geometry.pages_per_block) {
      ASSERT_TRUE(nand.erase(at / geometry.pages_per_block));
    }
    for (std::size_t page = 0; page * geometry.page_size < bytes.size(); ++page) {
      ASSERT_TRUE(
          nand.program(range.start.n + page, ByteView(bytes).subspan(page * geometry.page_size, geometry.page_size)));
    }
  }

  BenchPackage package_;
};

constexpr auto changed = "changed while it was being flashed";

TEST_F(ChangedPackage, FailsTheFlashWhichGoesOnFromThereWithTheRightOne) {
  for (const auto* partition : {"boot", "system", "modem"}) {
    TwinBench bench;
    rehearsal::MemoryJournals journals;
    test::FlashChoice choice;
    choice.journals = &journals;
    auto done = false;
    bench.events.on_event = [&](const Event& event) {
      const auto* step = std::get_if<event::Step>(&event);
      if (step != nullptr && step->id == "program" && !std::exchange(done, true)) {
        change(partition);
      }
    };
    auto result = bench.flash(*package_, choice);
    bench.events.on_event = nullptr;
    ASSERT_FALSE(result) << partition;
    EXPECT_EQ(result.error().code, Code::package_bad) << partition;
    EXPECT_THAT(result.error().what, HasSubstr(changed)) << partition;
    bench.power_cycle();
    EXPECT_THAT(bench.modem->state(), StartsWith("edl")) << partition;  // SBL was not written
    change(partition);                                                  // back again
    choice.overrides = {"unknown"};
    auto again = bench.flash(*package_, choice);
    ASSERT_TRUE(again) << partition << ": " << again.error().what;
    EXPECT_EQ(again->after.revision, newer);
  }
}

/// The way of a flash that goes on, and of --verify read: what is compared with the chip are the verified bytes, too.
TEST_F(ChangedPackage, IsNoWitnessForWhatStandsOnTheChip) {
  TwinBench::Options options;
  options.start = twin::Mode::edl;
  TwinBench bench(options);
  auto pipe = must(bench.bus.open(must(bench.find()).device, 0));
  FirehoseLink link(*pipe, bench.clock, bench.events);
  must(upload_programmer(*pipe, bench.clock, link, *package_, bench.events));
  must(configure(link));
  auto chip = must(ask_chip(link));
  put_on_chip(bench, "boot");
  EXPECT_TRUE(must(reads_back(link, *package_, chip, image("boot"))));
  change("boot");
  EXPECT_FALSE(must(reads_back(link, *package_, chip, image("boot"))));
  put_on_chip(bench, "boot");  // the chip has what the file has, and neither is what was verified
  auto witness = reads_back(link, *package_, chip, image("boot"));
  ASSERT_FALSE(witness);
  EXPECT_THAT(witness.error().what, HasSubstr(changed));
  for (std::size_t i = 0; i < package_->images.size(); ++i) {
    if (package_->images[i].partition == "boot") {
      EXPECT_EQ(find_standing(link, *package_, chip, {i}, {}).error().code, Code::package_bad);
    }
  }
}

/// What is programmed a second time is verified a second time.
TEST_F(ChangedPackage, FailsWhatIsWrittenAnew) {
  auto lost = image("recovery").range.start.n + 1;
  for (const auto& fault : {fmt::format("page-lost:{}", lost), std::string("stall@300000")}) {
    TwinBench::Options options;
    options.faults = {fault};
    TwinBench bench(options);
    test::FlashChoice choice;
    choice.verify = Verify::read;
    std::string partition;
    bench.events.on_event = [&](const Event& event) {
      const auto* log = std::get_if<event::Log>(&event);
      auto at = log != nullptr ? log->text.find(" is not what was sent; erasing") : std::string::npos;
      if (at != std::string::npos && partition.empty()) {
        partition = log->text.substr(0, at);
        change(partition);
      }
    };
    auto result = bench.flash(*package_, choice);
    bench.events.on_event = nullptr;
    ASSERT_FALSE(partition.empty()) << fault;
    ASSERT_FALSE(result) << fault;
    EXPECT_THAT(result.error().what, HasSubstr(changed)) << fault;
    change(partition);
  }
}

}  // namespace
}  // namespace modemedic::operation
