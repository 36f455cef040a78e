#include "firmware/partition_mbn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

// Two entries in the published layout, by hand: "0:SBL" of 10 blocks, "0:system" with the rest.
const char* const two_entries =
    "9A1B7DAABC487D1F 04000000 02000000"
    "303A53424C0000000000000000000000 0A000000 0000 0000 FF0100FE"
    "303A73797374656D0000000000000000 FFFFFFFF 8000 0000 FF0100FF";

const std::vector<UserPartition> two = {{"SBL", 10, true, 0, 0, {0xFF, 0x01, 0x00}},
                                        {"system", std::nullopt, false, 128, 0, {0xFF, 0x01, 0x00}}};

TEST(UserTable, ReadsAndMakesThePublishedLayout) {
  auto table = parse_user_table(*from_hex(two_entries));
  ASSERT_TRUE(table) << table.error().what;
  EXPECT_EQ(*table, two);
  EXPECT_EQ(make_user_table(two), *from_hex(two_entries));
}

TEST(UserTable, OfSeventeenPartitionsHasTheSizeOfARealOne) {
  EXPECT_EQ(make_user_table(std::vector<UserPartition>(17, two[0])).size(), 492U);
}

TEST(UserTable, RefusesANameThatHasNoRoomBehindItsPrefix) {
  auto fits = *from_hex(two_entries);
  std::fill_n(fits.begin() + 16 + 2, 14, std::byte{'a'});
  ASSERT_TRUE(parse_user_table(fits));
  EXPECT_EQ(make_user_table(*parse_user_table(fits)), fits);
  auto bare = *from_hex(two_entries);
  std::fill_n(bare.begin() + 16, 15, std::byte{'a'});
  EXPECT_FALSE(parse_user_table(bare));
}

TEST(UserTable, TellsItsVersion) {
  EXPECT_EQ(user_table_version(*from_hex(two_entries)), 4U);
  EXPECT_EQ(user_table_version(make_user_table(two, 3)), 3U);
  EXPECT_EQ(parse_user_table(make_user_table(two, 3)).value(), two);
  EXPECT_EQ(make_user_table(std::vector<UserPartition>(16, two[0]), 3).size(), 464U);  // a real one's
  EXPECT_FALSE(user_table_version(*from_hex("9A1B7DAABC487D1F 03000000")));
  EXPECT_FALSE(user_table_version(Buffer(464)));
}

TEST(UserTable, LaysPartitionsOneBehindTheOther) {
  constexpr Geometry chip{2048, 64, 100};
  // 10 blocks of 128 KiB; 1 KiB and 128 KiB to spare make 2; the rest.
  const std::vector<UserPartition> three = {{"MIBIB", 10, true}, {"SBL1", 1, false, 128}, {"system", std::nullopt}};
  auto table = lay_out(three, chip);
  ASSERT_TRUE(table) << table.error().what;
  const PartitionTable expected = {{"MIBIB", {{0}, {640}}}, {"SBL1", {{640}, {128}}}, {"system", {{768}, {88 * 64}}}};
  EXPECT_EQ(*table, expected);
}

TEST(UserTable, LaysOutNothingThatDoesNotFit) {
  constexpr Geometry chip{2048, 64, 100};
  for (const std::vector<UserPartition>& table : {
           std::vector<UserPartition>{{"a", 101, true}},
           {{"a", 0xFFFFFFFE, true, 0xFFFF}},
           {{"a", 0xFFFFFFFE, false, 0xFFFF}},
           {{"a", 0, true}},
           {{"a", 100, true}, {"rest", std::nullopt}},
           {{"rest", std::nullopt}, {"a", 1, true}},
       }) {
    EXPECT_FALSE(lay_out(table, chip));
  }
}

TEST(UserTable, IsRefusedAtEveryCutAndWithAnyCount) {
  auto bytes = *from_hex(two_entries);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_user_table(ByteView(bytes).first(size)));
  }
  for (std::uint32_t count : {0U, 3U, 0x09249249U, 0x80000000U, 0xFFFFFFFFU}) {
    store(&bytes[12], count, Endian::little);
    auto table = parse_user_table(bytes);
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().code, Code::package_bad);
  }
}

TEST(UserTable, IsRefusedWithoutItsMagicOrWithANameThatIsNone) {
  auto bytes = *from_hex(two_entries);
  bytes[16] = std::byte{0x1B};
  EXPECT_THAT(parse_user_table(bytes).error().what, testing::HasSubstr("\\x1b"));
  bytes[0] = std::byte{0};
  EXPECT_THAT(parse_user_table(bytes).error().what, testing::HasSubstr("magic"));
}

}  // namespace
}  // namespace modemedic::firmware
