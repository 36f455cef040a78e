#include "virtual/efs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const Persona& eg25() {
  static const Persona persona = *find_persona("eg25-g");
  return persona;
}

/// Page 0 of the EFS2 partition: sector 1280 on an EG25-G.
constexpr std::uint64_t efs_page = 1280;

/// 3GPP TS 23.003: counted from the check digit, every second digit doubled, the digits' sum is a multiple of ten.
bool luhn(const std::string& imei) {
  int sum = 0;
  for (std::size_t i = 0; i < imei.size(); ++i) {
    int digit = imei[imei.size() - 1 - i] - '0';
    int value = i % 2 == 1 ? 2 * digit : digit;
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

TEST(Imei, HasThePersonasTypeTheSerialAndLuhnsDigit) {
  std::set<std::string> all;
  for (const auto* serial : {"00000001", "deadbeef", "49CBD7EF", "ffffffff", "", "not hex"}) {
    auto imei = imei_for(eg25(), serial);
    EXPECT_EQ(imei.size(), 15U) << serial;
    EXPECT_THAT(imei, StartsWith(eg25().imei_prefix));
    EXPECT_TRUE(luhn(imei)) << imei;
    EXPECT_EQ(imei, imei_for(eg25(), serial));
    all.insert(imei);
  }
  EXPECT_EQ(all.size(), 6U);
  EXPECT_EQ(imei_for(eg25(), "00000001").substr(8, 6), "000001");
}

TEST(Efs, IsReadAsItWasWritten) {
  Nand nand(eg25().geometry);
  auto content = efs_for(eg25(), "12345678");
  ASSERT_TRUE(write_efs(nand, eg25(), content));
  EXPECT_EQ(*read_efs(nand, eg25()), content);
  EXPECT_EQ(content.imei, imei_for(eg25(), "12345678"));
  EXPECT_NE(content.calibration, efs_for(eg25(), "12345679").calibration);

  content.imei = "867391040000002";
  ASSERT_TRUE(write_efs(nand, eg25(), content));
  EXPECT_EQ(*read_efs(nand, eg25()), content);
}

TEST(Efs, StaysInsideItsPartition) {
  Nand nand(eg25().geometry);
  auto before = nand.fingerprint({{0}, {efs_page}});
  auto behind = nand.fingerprint({{9984}, {131072 - 9984}});
  ASSERT_TRUE(write_efs(nand, eg25(), efs_for(eg25(), "1")));
  EXPECT_EQ(nand.fingerprint({{0}, {efs_page}}), before);
  EXPECT_EQ(nand.fingerprint({{9984}, {131072 - 9984}}), behind);
  EXPECT_NE(nand.state(efs_page), Nand::PageState::erased);
}

TEST(Efs, GoesPastABadBlock) {
  Nand nand(eg25().geometry);
  nand.mark_bad(efs_page / 64);
  ASSERT_TRUE(write_efs(nand, eg25(), efs_for(eg25(), "1")));
  EXPECT_EQ(nand.state(efs_page), Nand::PageState::erased);
  EXPECT_TRUE(read_efs(nand, eg25()));
}

TEST(Efs, IsLostWithAnyOfItsPages) {
  auto damage = [](auto what) {
    Nand nand(eg25().geometry);
    EXPECT_TRUE(write_efs(nand, eg25(), efs_for(eg25(), "1")));
    what(nand);
    auto content = read_efs(nand, eg25());
    EXPECT_FALSE(content);
    return content ? std::string() : content.error().what;
  };
  EXPECT_THAT(damage([](Nand& nand) { nand.erase(efs_page / 64); }), HasSubstr("it is erased"));
  EXPECT_THAT(damage([](Nand& nand) { nand.tear_block(efs_page / 64); }), HasSubstr("page 0 can't be read"));
  EXPECT_THAT(damage([](Nand& nand) { nand.tear_page(efs_page + 2); }), HasSubstr("page 2 can't be read"));
  EXPECT_THAT(damage([](Nand& nand) { nand.program(efs_page + 1, Buffer(2048, std::byte{0xFE})); }),
              HasSubstr("page 1"));
  EXPECT_THAT(damage([](Nand& nand) { nand.program(efs_page, Buffer(2048)); }), HasSubstr("not one of its"));
}

TEST(Efs, OfAFreshChipIsLost) {
  Nand nand(eg25().geometry);
  EXPECT_FALSE(read_efs(nand, eg25()));
}

TEST(Efs, NeedsAPartition) {
  auto persona = eg25();
  std::erase_if(persona.table, [](const auto& partition) { return partition.name == "EFS2"; });
  Nand nand(persona.geometry);
  EXPECT_EQ(write_efs(nand, persona, {}).error().code, Code::usage);
  EXPECT_FALSE(read_efs(nand, persona));
}

}  // namespace
}  // namespace modemedic::twin
