#include "firmware/mibib.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using ::testing::HasSubstr;

constexpr Geometry small_blocks{2048, 64, 2048};
constexpr Geometry big_blocks{4096, 64, 2048};

// The EG25-G table of release 30.006 as the field has it: sectors.
const PartitionTable eg25 = {
    {"SBL", {{0}, {640}}},         {"MIBIB", {{640}, {640}}},          {"EFS2", {{1280}, {8704}}},
    {"sys_rev", {{9984}, {2560}}}, {"RAWDATA", {{12544}, {640}}},      {"TZ", {{13184}, {768}}},
    {"RPM", {{13952}, {576}}},     {"cust_info", {{14528}, {1024}}},   {"aboot", {{15552}, {768}}},
    {"boot", {{16320}, {3968}}},   {"recovery", {{20288}, {3968}}},    {"modem", {{24256}, {27392}}},
    {"misc", {{51648}, {320}}},    {"recoveryfs", {{51968}, {10368}}}, {"usr_data", {{62336}, {30720}}},
    {"sec", {{93056}, {256}}},     {"system", {{93312}, {37760}}},
};

// Written from the CRC's definition bit by bit, so that it shares nothing with the table in base/.
std::uint32_t crc_by_definition(ByteView bytes) {
  std::uint32_t crc = 0;
  for (auto byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte) << 24U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x80000000U) != 0 ? crc << 1U ^ 0x04C11DB7U : crc << 1U;
    }
  }
  return crc;
}

/// A table in the published layout, put together by hand.
class HandMade {
public:
  explicit HandMade(std::size_t page) : page_(page), bytes_(4 * page, std::byte{0xFF}) {
    put(0, "AC 9F 56 FE 7A 12 7F CD 04 00 00 00 07 00 00 00");
    put(page, "AA 73 EE 55 DB BD 5E E3 04 00 00 00 00 00 00 00");
    put(3 * page, "A1 BE 41 9D EA D2 DE F1 01 00 00 00");
  }

  HandMade& entry(std::string_view name, std::uint32_t start, std::uint32_t length) {
    auto at = page_ + 16 + std::size_t{28} * count_;
    std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at), 16, std::byte{0});
    std::ranges::copy(as_bytes(name), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    store(&bytes_[at + 16], start, Endian::little);
    store(&bytes_[at + 20], length, Endian::little);
    count(count_ + 1);
    return *this;
  }

  HandMade& count(std::uint32_t count) {
    count_ = count;
    store(&bytes_[page_ + 12], count, Endian::little);
    return *this;
  }

  HandMade& put(std::size_t at, std::string_view hex_bytes) {
    std::ranges::copy(*from_hex(hex_bytes), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    return *this;
  }

  Buffer done() {
    store(&bytes_[3 * page_ + 12], crc_by_definition(ByteView(bytes_).first(2 * page_)), Endian::little);
    return bytes_;
  }

private:
  std::size_t page_;
  Buffer bytes_;
  std::uint32_t count_ = 0;
};

std::string why_not(const Buffer& bytes, const Geometry& geometry = small_blocks) {
  auto table = parse_mibib(bytes, geometry);
  EXPECT_FALSE(table);
  if (table) {
    return {};
  }
  EXPECT_EQ(table.error().code, Code::package_bad);
  EXPECT_NE(table.error().hint, "");
  return table.error().what;
}

TEST(Mibib, ReadsATableInThePublishedLayout) {
  // EC25-E p4K: offsets and lengths in bytes are 256 KiB blocks times the numbers below.
  auto bytes = HandMade(4096)
                   .entry("0:sbl", 0, 0x280000 / 0x40000)
                   .entry("0:mibib", 0x280000 / 0x40000, 0x280000 / 0x40000)
                   .entry("0:system", 0x12D00000 / 0x40000, 0xD300000 / 0x40000)
                   .done();
  auto table = parse_mibib(bytes, big_blocks);
  ASSERT_TRUE(table) << table.error().what;
  EXPECT_EQ(*table, (PartitionTable{{"sbl", {{0}, {640}}}, {"mibib", {{640}, {640}}}, {"system", {{77056}, {54016}}}}));
}

TEST(Mibib, TakesALengthOfAllOnesAsTheRestOfTheChip) {
  auto table =
      parse_mibib(HandMade(2048).entry("0:SBL", 0, 10).entry("0:system", 1458, 0xFFFFFFFF).done(), small_blocks);
  ASSERT_TRUE(table) << table.error().what;
  EXPECT_EQ(table->back(), (Partition{"system", {{93312}, {37760}}}));
}

TEST(Mibib, IsMadeAsItIsRead) {
  auto bytes = make_mibib(eg25, small_blocks);
  EXPECT_EQ(bytes.size(), 8192U);
  EXPECT_EQ(*parse_mibib(bytes, small_blocks), eg25);

  // what stands where, by the published layout
  EXPECT_EQ(hex(ByteView(bytes).first(12)), "ac 9f 56 fe 7a 12 7f cd 04 00 00 00");
  EXPECT_EQ(hex(ByteView(bytes).subspan(2048, 16)), "aa 73 ee 55 db bd 5e e3 04 00 00 00 11 00 00 00");
  EXPECT_EQ(as_text(ByteView(bytes).subspan(2064 + 28, 7)), "0:MIBIB");
  EXPECT_EQ(hex(ByteView(bytes).subspan(2064 + 28 + 16, 8)), "0a 00 00 00 0a 00 00 00");
  EXPECT_TRUE(std::ranges::all_of(ByteView(bytes).subspan(4096, 2048), [](auto b) { return b == std::byte{0xFF}; }));
  EXPECT_EQ(hex(ByteView(bytes).subspan(6144, 12)), "a1 be 41 9d ea d2 de f1 01 00 00 00");
  EXPECT_EQ(load<std::uint32_t>(&bytes[6156], Endian::little), crc_by_definition(ByteView(bytes).first(4096)));
}

TEST(Mibib, IsFoundInAWholePartition) {
  auto bytes = make_mibib(eg25, small_blocks);
  bytes.resize(640_KiB, std::byte{0xFF});
  EXPECT_EQ(*parse_mibib(bytes, small_blocks), eg25);
}

TEST(Mibib, IsRefusedForTheOtherPageSize) {
  EXPECT_THAT(why_not(make_mibib(eg25, small_blocks), big_blocks), HasSubstr("less than its four pages of 4096"));
  auto partition = make_mibib(eg25, small_blocks);
  partition.resize(256_KiB, std::byte{0xFF});
  EXPECT_THAT(why_not(partition, big_blocks), HasSubstr("another page size"));
}

TEST(Mibib, IsRefusedWhenAnyBitOfItsTableIsWrong) {
  auto good = HandMade(2048).entry("0:SBL", 0, 10).entry("0:MIBIB", 10, 10).done();
  ASSERT_TRUE(parse_mibib(good, small_blocks));
  for (std::size_t at : {0U, 9U, 12U, 2000U, 2048U, 2056U, 2060U, 2066U, 2080U, 2084U, 4095U, 6144U, 6152U, 6156U}) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto bytes = good;
      bytes[at] ^= static_cast<std::byte>(1U << bit);
      EXPECT_FALSE(parse_mibib(bytes, small_blocks)) << "byte " << at << " bit " << bit;
    }
  }
}

TEST(Mibib, IsRefusedAtEveryCut) {
  auto good = make_mibib(eg25, small_blocks);
  for (std::size_t size = 0; size < good.size(); size += 61) {
    EXPECT_FALSE(parse_mibib(ByteView(good).first(size), small_blocks));
  }
}

TEST(Mibib, SaysWhatIsWrong) {
  EXPECT_THAT(why_not(Buffer(8192, std::byte{0xFF})), HasSubstr("magic"));
  EXPECT_THAT(why_not(HandMade(2048).put(8, "05 00 00 00").entry("0:SBL", 0, 10).done()), HasSubstr("version 5"));
  EXPECT_THAT(why_not(HandMade(2048).done()), HasSubstr("counts 0 partitions"));
  EXPECT_THAT(why_not(HandMade(2048).count(73).done()), HasSubstr("counts 73 partitions"));
  EXPECT_THAT(why_not(HandMade(2048).count(0xFFFFFFFF).done()), HasSubstr("counts 4294967295 partitions"));
  EXPECT_THAT(why_not(HandMade(2048).entry("0:SBL", 2048, 1).done()), HasSubstr("SBL starts at block 2048"));
  EXPECT_THAT(why_not(HandMade(2048).entry("0:SBL", 2047, 2).done()), HasSubstr("SBL has 2 blocks from block 2047"));
  EXPECT_THAT(why_not(HandMade(2048).entry("0:SBL", 1, 0xFFFFFFFE).done()), HasSubstr("SBL has 4294967294 blocks"));
  EXPECT_THAT(why_not(HandMade(2048).entry("0:SBL", 1, 0).done()), HasSubstr("SBL has 0 blocks"));
  EXPECT_THAT(why_not(HandMade(2048).entry("0:\x1b[2J", 0, 1).done()), HasSubstr("\\x1b[2J"));
  EXPECT_THAT(why_not(HandMade(2048).entry("0:a", 0, 5).entry("0:b", 4, 5).done()), HasSubstr("a and b overlap"));
  EXPECT_THAT(why_not(HandMade(2048).entry("0:a", 0, 5).entry("0:a", 5, 5).done()), HasSubstr("two partitions"));
}

TEST(PartitionTable, IsSearchedByNameAndByRange) {
  EXPECT_EQ(find_partition(eg25, "TZ")->range.start, Sectors{13184});
  EXPECT_EQ(find_partition(eg25, "tz"), nullptr);
  EXPECT_EQ(find_partition_any_case(eg25, "tz"), find_partition(eg25, "TZ"));
  EXPECT_EQ(find_partition_any_case(eg25, "t"), nullptr);
  EXPECT_EQ(partition_of(eg25, {{13184}, {768}})->name, "TZ");
  EXPECT_EQ(partition_of(eg25, {{13951}, {1}})->name, "TZ");
  EXPECT_EQ(partition_of(eg25, {{13951}, {2}}), nullptr);
  EXPECT_EQ(partition_of(eg25, {{131072}, {1}}), nullptr);
}

}  // namespace
}  // namespace modemedic::firmware
