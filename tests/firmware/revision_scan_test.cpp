#include "firmware/revision_scan.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(size, '\0');
  for (auto& c : text) {
    c = static_cast<char>(random());
  }
  return text;
}

std::string image() {
  auto text = noise(300'000, 7);
  text.replace(0, 24, std::string("EG25GGBR07A08M2G\0\0\0\0\0\0\0\0", 24));
  text.replace(70'000, 32, "\nEC25EFAR06A11M4G_01.001.01.001\n");
  text.replace(150'000, 32, "=EG25GGBR07A08M2G_30.006.30.006\n");
  text.replace(150'032, 32, "=EG25GGBR07A08M2G_30.006.30.006\n");
  text.replace(text.size() - 27, 27, "=BG95M3LAR02A03_A0.300.A300");
  return text;
}

constexpr auto in_image = {"EG25GGBR07A08M2G", "EC25EFAR06A11M4G_01.001.01.001", "EG25GGBR07A08M2G_30.006.30.006",
                           "BG95M3LAR02A03_A0.300.A300"};

TEST(RevisionScan, FindsEachNameOnceInOrder) {
  RevisionScan scan;
  auto text = image();
  scan.feed(as_bytes(text));
  EXPECT_THAT(scan.found(), testing::ElementsAreArray(in_image));
}

TEST(RevisionScan, FindsTheSameHoweverTheStreamIsCut) {
  auto text = image();
  for (std::size_t piece : {1U, 3U, 17U, 100U, 479U, 480U, 481U, 1000U, 4096U, 65536U, 150'010U}) {
    RevisionScan scan;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      scan.feed(as_bytes(std::string_view(text).substr(at, piece)));
    }
    EXPECT_THAT(scan.found(), testing::ElementsAreArray(in_image)) << "in pieces of " << piece;
  }
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    RevisionScan scan;
    for (std::size_t at = 0; at < text.size();) {
      auto piece = random() % 4 == 0 ? random() % 20'000 : random() % 700;
      scan.feed(as_bytes(std::string_view(text).substr(at, piece)));
      at += piece;
    }
    EXPECT_THAT(scan.found(), testing::ElementsAreArray(in_image)) << "round " << round;
  }
}

TEST(RevisionScan, FindsNothingInNoise) {
  RevisionScan scan;
  scan.feed(as_bytes(noise(4'000'000, 3)));
  EXPECT_THAT(scan.found(), IsEmpty());
}

TEST(RevisionScan, KeepsABoundedNumberOfNames) {
  RevisionScan scan;
  for (int i = 0; i < 1000; ++i) {
    auto name = "EC" + std::to_string(1000 + i) + "AR01A01 ";
    scan.feed(as_bytes(name));
  }
  EXPECT_THAT(scan.found(), SizeIs(RevisionScan::most));
}

TEST(RevisionScan, TakesNoRunOfCapitalsForAName) {
  RevisionScan scan;
  scan.feed(as_bytes(std::string(1000, 'A') + "1R01A01" + std::string(1000, 'R')));
  EXPECT_THAT(scan.found(), IsEmpty());
}

TEST(RevisionScan, StartsAnewAfterFound) {
  RevisionScan scan;
  scan.feed(as_bytes("EG25GGBR07A0"));
  EXPECT_THAT(scan.found(), IsEmpty());
  scan.feed(as_bytes("8M2G EC25EFAR02A08M4G"));
  EXPECT_THAT(scan.found(), ElementsAre("EC25EFAR02A08M4G"));
}

}  // namespace
}  // namespace modemedic::firmware
