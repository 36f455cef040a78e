#include "plan/package_builder.h"
#include "plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::plan {
namespace {

using testing::HasSubstr;

constexpr Geometry eg25{2048, 64, 2048};

Result<void> check(const firmware::Package& package, const ChipReport& chip) {
  auto proven = prove_plan(*make_plan(package), package);
  return check_chip(*proven, package, chip);
}

TEST(CheckChip, TakesAChipOfTheSameCells) {
  EXPECT_TRUE(check(eg25_in_trap_order().package(), {eg25, {}}));
  EXPECT_TRUE(check(eg25_in_trap_order().package(), {{2048, 64, 4096}, {}}));
}

TEST(CheckChip, RefusesOtherPagesOrBlocksAndNamesTheBuildToAskFor) {
  auto other = check(eg25_in_trap_order().package(), {{4096, 64, 2048}, {}});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::geometry_mismatch);
  EXPECT_THAT(other.error().what, HasSubstr("the chip has pages of 4 and blocks of 256 KiB"));
  EXPECT_THAT(other.error().hint, HasSubstr("p4K_b256K"));
  EXPECT_FALSE(check(eg25_in_trap_order().package(), {{2048, 128, 2048}, {}}));
  EXPECT_FALSE(check(eg25_in_trap_order().package(), {{2048, 64, 1024}, {}}));
}

TEST(CheckChip, CountsBadBlocksPerPartition) {
  // TZ: blocks 206 to 217, 12 of them; its image of 526844 bytes needs 5.
  auto package = eg25_in_trap_order().package();
  EXPECT_TRUE(check(package, {eg25, {206, 207, 208, 209, 210, 211, 217}}));
  EXPECT_TRUE(check(package, {eg25, {205, 206, 207, 208, 209, 210, 211, 217, 218}}));  // neighbours' don't count
  auto full = check(package, {eg25, {206, 207, 208, 209, 210, 211, 212, 217}});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::refused);
  EXPECT_EQ(full.error().rule, "bad-blocks");
  EXPECT_THAT(full.error().what, HasSubstr("TZ does not fit any more: its image needs 5 blocks, the partition has 12"));
  EXPECT_THAT(full.error().what, HasSubstr("206, 207"));
}

TEST(CheckChip, RefusesABadBlockWhereTheBootRomLooksForSbl) {
  EXPECT_TRUE(check(eg25_in_trap_order().package(), {eg25, {1}}));
  auto block0 = check(eg25_in_trap_order().package(), {eg25, {0}});
  ASSERT_FALSE(block0);
  EXPECT_EQ(block0.error().rule, "bad-blocks");
}

}  // namespace
}  // namespace modemedic::plan
