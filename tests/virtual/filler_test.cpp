#include "virtual/filler.h"

#include "base/bytes.h"

#include <random>

#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

TEST(Filler, IsTheSameFromWhicheverPlaceItIsRead) {
  auto filler = Filler::for_text("eg25-g update/tz.mbn");
  Buffer whole(20'000);
  filler.fill(0, whole);
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    auto offset = random() % whole.size();
    Buffer part(random() % std::min<std::size_t>(300, whole.size() - offset + 1));
    filler.fill(offset, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
}

TEST(Filler, DiffersWithItsText) {
  Buffer one(64);
  Buffer two(64);
  Filler::for_text("a").fill(0, one);
  Filler::for_text("b").fill(0, two);
  EXPECT_NE(one, two);
  EXPECT_NE(Filler::for_text("a").number(), Filler::for_text("b").number());
}

}  // namespace
}  // namespace modemedic::twin
