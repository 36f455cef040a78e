#include "virtual/nand.h"

#include "base/bytes.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using testing::HasSubstr;
using PageState = Nand::PageState;

constexpr Geometry small{2048, 64, 8};

Buffer page_of(int value, std::size_t size = small.page_size) {
  Buffer bytes(size, static_cast<std::byte>(value));
  return bytes;
}

Buffer read_page(const Nand& nand, std::uint64_t page) {
  Buffer content(nand.geometry().page_size, std::byte{0x55});
  EXPECT_TRUE(nand.read(page, content));
  return content;
}

/// A file in a folder of its own, both gone at the end.
class NandFile : public testing::Test {
public:
  NandFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nand-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    file = folder_ / "nand.bin";
  }

  ~NandFile() override { std::filesystem::remove_all(folder_); }

protected:
  std::filesystem::path file;

private:
  std::filesystem::path folder_;
};

TEST(Nand, ComesFromTheFactoryErased) {
  Nand nand(small);
  for (std::uint64_t page = 0; page < small.chip_sectors().n; page += 37) {
    EXPECT_EQ(nand.state(page), PageState::erased);
    EXPECT_EQ(read_page(nand, page), page_of(0xFF));
    EXPECT_TRUE(nand.peek(page).empty());
  }
}

TEST(Nand, KeepsWhatWasProgrammed) {
  Nand nand(small);
  ASSERT_TRUE(nand.program(3, page_of(0xA5)));
  EXPECT_EQ(nand.state(3), PageState::programmed);
  EXPECT_EQ(read_page(nand, 3), page_of(0xA5));
  EXPECT_EQ(nand.state(2), PageState::erased);
  EXPECT_EQ(nand.state(4), PageState::erased);
}

TEST(Nand, FillsAShortPageWithOnes) {
  Nand nand(small);
  ASSERT_TRUE(nand.program(0, page_of(0x11, 5)));
  auto content = read_page(nand, 0);
  EXPECT_EQ(content[4], std::byte{0x11});
  EXPECT_EQ(content[5], std::byte{0xFF});
  EXPECT_EQ(content.back(), std::byte{0xFF});
}

TEST(Nand, ProgrammingWithoutErasingClearsBitsOnly) {
  Nand nand(small);
  for (int first = 0; first < 256; first += 15) {
    for (int second = 1; second < 256; second += 17) {
      ASSERT_TRUE(nand.erase(0));
      ASSERT_TRUE(nand.program(0, page_of(first)));
      ASSERT_TRUE(nand.program(0, page_of(second)));
      EXPECT_EQ(read_page(nand, 0), page_of(first & second));
    }
  }
}

TEST(Nand, ProgrammingAShortPageOverAnotherLeavesItsRest) {
  Nand nand(small);
  ASSERT_TRUE(nand.program(0, page_of(0x0F)));
  ASSERT_TRUE(nand.program(0, page_of(0x3C, 1)));
  auto content = read_page(nand, 0);
  EXPECT_EQ(content[0], std::byte{0x0C});
  EXPECT_EQ(content[1], std::byte{0x0F});
}

TEST(Nand, ErasesWholeBlocksAndNothingElse) {
  Nand nand(small);
  for (std::uint64_t page = 0; page < 192; ++page) {
    ASSERT_TRUE(nand.program(page, page_of(0)));
  }
  ASSERT_TRUE(nand.erase(1));
  EXPECT_EQ(nand.state(63), PageState::programmed);
  EXPECT_EQ(nand.state(64), PageState::erased);
  EXPECT_EQ(nand.state(127), PageState::erased);
  EXPECT_EQ(nand.state(128), PageState::programmed);
  EXPECT_EQ(read_page(nand, 64), page_of(0xFF));
  ASSERT_TRUE(nand.program(64, page_of(0xC3)));
  EXPECT_EQ(read_page(nand, 64), page_of(0xC3));
}

TEST(Nand, ATornPageReadsWithAnErrorUntilItsBlockIsErased) {
  Nand nand(small);
  ASSERT_TRUE(nand.program(5, page_of(1)));
  nand.tear_page(5);
  auto into = page_of(0x77);
  EXPECT_FALSE(nand.read(5, into));
  EXPECT_EQ(into, page_of(0x77));
  EXPECT_TRUE(nand.peek(5).empty());
  EXPECT_TRUE(nand.program(5, page_of(2)));
  EXPECT_EQ(nand.state(5), PageState::torn);
  ASSERT_TRUE(nand.erase(0));
  EXPECT_EQ(read_page(nand, 5), page_of(0xFF));
}

TEST(Nand, ATornBlockIsTornInEachPage) {
  Nand nand(small);
  nand.tear_block(2);
  EXPECT_EQ(nand.state(127), PageState::erased);
  EXPECT_EQ(nand.state(128), PageState::torn);
  EXPECT_EQ(nand.state(191), PageState::torn);
  EXPECT_EQ(nand.state(192), PageState::erased);
}

TEST(Nand, ABadBlockRefusesEraseAndProgram) {
  Nand nand(small);
  ASSERT_TRUE(nand.program(64, page_of(9)));
  nand.mark_bad(1);
  EXPECT_TRUE(nand.bad(1));
  EXPECT_FALSE(nand.bad(0));
  EXPECT_FALSE(nand.erase(1));
  EXPECT_EQ(read_page(nand, 64), page_of(9));
  EXPECT_FALSE(nand.program(65, page_of(9)));
  EXPECT_EQ(nand.state(65), PageState::torn);
}

TEST(Nand, FaultsStrikeWhereTheyWereSet) {
  Nand nand(small);
  nand.fail_erase_of(3);
  EXPECT_FALSE(nand.erase(3));
  EXPECT_FALSE(nand.erase(3));
  EXPECT_FALSE(nand.bad(3));
  EXPECT_TRUE(nand.erase(2));

  nand.fail_program_of(7);
  EXPECT_TRUE(nand.program(6, page_of(1)));
  EXPECT_FALSE(nand.program(7, page_of(1)));
  EXPECT_EQ(nand.state(7), PageState::torn);
  ASSERT_TRUE(nand.erase(0));
  EXPECT_TRUE(nand.program(7, page_of(1)));
}

TEST(Nand, HasNothingBeyondItsEnd) {
  Nand nand(small);
  auto end = small.chip_sectors().n;
  for (auto page : {end, end + 1, ~std::uint64_t{0}}) {
    EXPECT_FALSE(nand.program(page, page_of(0)));
    EXPECT_EQ(nand.state(page), PageState::torn);
    EXPECT_TRUE(nand.peek(page).empty());
    nand.tear_page(page);
  }
  EXPECT_FALSE(nand.erase(small.blocks));
  EXPECT_TRUE(nand.bad(small.blocks));
  nand.mark_bad(~std::uint64_t{0});
  nand.tear_block(~std::uint64_t{0});
}

TEST(Nand, TheFingerprintSeesContentsStatesAndPlace) {
  Nand one(small);
  Nand other(small);
  SectorRange all{{0}, small.chip_sectors()};
  EXPECT_EQ(one.fingerprint(all), other.fingerprint(all));

  ASSERT_TRUE(one.program(9, page_of(1)));
  EXPECT_NE(one.fingerprint(all), other.fingerprint(all));
  EXPECT_EQ(one.fingerprint({{10}, {10}}), other.fingerprint({{10}, {10}}));
  ASSERT_TRUE(other.program(10, page_of(1)));
  EXPECT_NE(one.fingerprint(all), other.fingerprint(all));
  ASSERT_TRUE(one.erase(0) && other.erase(0));
  EXPECT_EQ(one.fingerprint(all), other.fingerprint(all));
  one.tear_page(0);
  EXPECT_NE(one.fingerprint(all), other.fingerprint(all));
  EXPECT_EQ(one.fingerprint({{0}, {~std::uint64_t{0}}}), one.fingerprint(all)) << "a range is cut at the chip's end";
}

TEST_F(NandFile, FindsEverythingAgain) {
  SectorRange all{{0}, small.chip_sectors()};
  std::string before;
  {
    auto nand = Nand::open_file(file, small);
    ASSERT_TRUE(nand) << nand.error().what;
    ASSERT_TRUE((*nand)->program(0, page_of(0xD1)));
    ASSERT_TRUE((*nand)->program(511, page_of(0x42, 100)));
    ASSERT_TRUE((*nand)->program(511, page_of(0x0F, 1)));
    ASSERT_TRUE((*nand)->program(130, page_of(0x42)));
    ASSERT_TRUE((*nand)->erase(2));
    (*nand)->tear_page(64);
    (*nand)->mark_bad(5);
    before = (*nand)->fingerprint(all);
  }
  auto nand = Nand::open_file(file, small);
  ASSERT_TRUE(nand) << nand.error().what;
  EXPECT_EQ((*nand)->fingerprint(all), before);
  EXPECT_EQ(read_page(**nand, 0), page_of(0xD1));
  EXPECT_EQ(read_page(**nand, 511)[0], std::byte{0x02});
  EXPECT_EQ((*nand)->state(64), PageState::torn);
  EXPECT_EQ((*nand)->state(130), PageState::erased);
  EXPECT_TRUE((*nand)->bad(5));
}

TEST_F(NandFile, BehavesAsAChipInMemory) {
  auto filed = Nand::open_file(file, small);
  ASSERT_TRUE(filed);
  Nand memory(small);
  unsigned random = 1;
  for (int step = 0; step < 2000; ++step) {
    random = random * 1103515245U + 12345U;
    auto page = (random >> 8U) % small.chip_sectors().n;
    auto kind = (random >> 20U) % 10;
    if (kind == 0) {
      EXPECT_EQ((*filed)->erase(page / 64), memory.erase(page / 64));
    } else if (kind == 1) {
      (*filed)->tear_page(page);
      memory.tear_page(page);
    } else {
      auto data = page_of(static_cast<int>(random % 251), random % 2049);
      EXPECT_EQ((*filed)->program(page, data), memory.program(page, data));
    }
  }
  SectorRange all{{0}, small.chip_sectors()};
  EXPECT_EQ((*filed)->fingerprint(all), memory.fingerprint(all));
}

TEST_F(NandFile, IsSparse) {
  constexpr Geometry big{2048, 64, 2048};
  auto nand = Nand::open_file(file, big);
  ASSERT_TRUE(nand);
  EXPECT_GT(std::filesystem::file_size(file), 256U << 20U);
  std::ifstream in(file, std::ios::binary);
  std::string magic(8, '\0');
  in.read(magic.data(), 8);
  EXPECT_EQ(magic, "mmedNAND");
}

TEST_F(NandFile, RefusesAnotherGeometry) {
  ASSERT_TRUE(Nand::open_file(file, small));
  auto nand = Nand::open_file(file, Geometry{4096, 64, 8});
  ASSERT_FALSE(nand);
  EXPECT_EQ(nand.error().code, Code::usage);
  EXPECT_THAT(nand.error().what, HasSubstr("holds a chip of 8 blocks of 64 pages of 2048 bytes"));
}

TEST_F(NandFile, RefusesAFileOfSomethingElse) {
  std::ofstream(file) << "a letter to my aunt, longer than any header could be, and so on and so on";
  auto nand = Nand::open_file(file, small);
  ASSERT_FALSE(nand);
  EXPECT_EQ(nand.error().code, Code::usage);
  EXPECT_THAT(nand.error().what, HasSubstr("no NAND file"));
  EXPECT_EQ(std::filesystem::file_size(file), 73U) << "and leaves it as it was";
}

TEST_F(NandFile, RefusesACutFile) {
  ASSERT_TRUE(Nand::open_file(file, small));
  std::filesystem::resize_file(file, 100000);
  auto nand = Nand::open_file(file, small);
  ASSERT_FALSE(nand);
  EXPECT_EQ(nand.error().code, Code::io);
}

TEST_F(NandFile, RefusesAPageOfNoKnownState) {
  ASSERT_TRUE(Nand::open_file(file, small));
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(4096 + 7).put('\x03');
  auto nand = Nand::open_file(file, small);
  ASSERT_FALSE(nand);
  EXPECT_THAT(nand.error().what, HasSubstr("damaged"));
}

TEST_F(NandFile, BelongsToOneModemAtATime) {
  auto first = Nand::open_file(file, small);
  ASSERT_TRUE(first);
  auto second = Nand::open_file(file, small);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::busy);
}

TEST_F(NandFile, SaysWhichFileItCannotMake) {
  auto nand = Nand::open_file(file / "below", small);
  ASSERT_FALSE(nand);
  EXPECT_EQ(nand.error().code, Code::io);
  EXPECT_THAT(nand.error().what, HasSubstr((file / "below").string()));
}

}  // namespace
}  // namespace modemedic::twin
