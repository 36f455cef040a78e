#include "virtual/partition_reader.h"

#include "virtual/booted_revision.h"
#include "virtual/force_flag.h"

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

constexpr Geometry small{2048, 64, 16};
constexpr std::uint64_t per_block = 64;
constexpr std::uint64_t page_size = 2048;

/// Programs a page full of its own number.
void program(Nand& nand, std::uint64_t page, std::uint8_t value) {
  ASSERT_TRUE(nand.program(page, Buffer(nand.geometry().page_size, std::byte{value})));
}

SectorRange blocks(std::uint64_t first, std::uint64_t count) {
  return {small.sectors({first}), small.sectors({count})};
}

TEST(PartitionReader, SkipsBadBlocksInsideItsRange) {
  Nand nand(small);
  nand.mark_bad(3);
  program(nand, 2 * per_block + 63, 1);
  program(nand, 4 * per_block, 2);
  PartitionReader reader(nand, blocks(2, 3));
  EXPECT_EQ(reader.good_blocks(), 2U);
  auto seam = reader.read(per_block * page_size - 1, 2);
  ASSERT_TRUE(seam);
  EXPECT_EQ(hex(*seam), "01 02");
}

TEST(PartitionReader, ReadsErasedPagesAsOnesAndRefusesTornOnes) {
  Nand nand(small);
  nand.tear_page(65);
  PartitionReader reader(nand, blocks(1, 1));
  EXPECT_EQ(hex(*reader.read(2046, 2)), "ff ff");
  EXPECT_FALSE(reader.read(2046, 3));
  EXPECT_FALSE(reader.read(per_block * page_size - 1, 2));
  EXPECT_FALSE(reader.read(~std::uint64_t{0}, 2));
}

TEST(PartitionReader, WhatWasWrittenEndsAtTheFirstPageThatIsNot) {
  Nand nand(small);
  PartitionReader reader(nand, blocks(1, 2));
  EXPECT_TRUE(reader.blank());
  program(nand, 64, 1);
  program(nand, 65, 1);
  EXPECT_FALSE(reader.blank());
  EXPECT_EQ(reader.written().bytes.size(), 2 * page_size);
  EXPECT_FALSE(reader.written().torn);
  nand.tear_page(66);
  EXPECT_EQ(reader.written().bytes.size(), 2 * page_size);
  EXPECT_TRUE(reader.written().torn);
}

TEST(PartitionReader, TellsBlocksApart) {
  Nand nand(small);
  program(nand, 2 * per_block + 1, 7);
  nand.tear_block(3);
  PartitionReader reader(nand, blocks(1, 3));
  Buffer bytes;
  EXPECT_EQ(reader.read_block(0, bytes), PartitionReader::BlockState::erased);
  EXPECT_EQ(reader.read_block(1, bytes), PartitionReader::BlockState::readable);
  EXPECT_EQ(bytes.size(), small.block_size());
  EXPECT_EQ(bytes[2047], std::byte{0xFF});
  EXPECT_EQ(bytes[2048], std::byte{7});
  EXPECT_EQ(reader.read_block(2, bytes), PartitionReader::BlockState::torn);
}

TEST(PartitionReader, ARangeBeyondTheChipEndsWithIt) {
  Nand nand(small);
  EXPECT_EQ(PartitionReader(nand, blocks(15, 100)).good_blocks(), 1U);
  EXPECT_TRUE(PartitionReader(nand, blocks(16, 1)).blank());
}

TEST(ForceFlag, LiesInMiscsSecondBlockAndOnlyThere) {
  Nand nand(small);
  auto misc = blocks(4, 3);
  EXPECT_FALSE(force_fastboot(nand, misc));
  ASSERT_TRUE(set_force_fastboot(nand, misc));
  EXPECT_TRUE(force_fastboot(nand, misc));
  EXPECT_FALSE(force_fastboot(nand, blocks(5, 2)));
  EXPECT_EQ(nand.state(4 * per_block), Nand::PageState::erased);
  EXPECT_EQ(nand.state(5 * per_block + 1), Nand::PageState::programmed);  // 4 KiB are two pages
  EXPECT_EQ(nand.state(5 * per_block + 2), Nand::PageState::erased);
  ASSERT_TRUE(clear_force_fastboot(nand, misc));
  EXPECT_FALSE(force_fastboot(nand, misc));
}

TEST(ForceFlag, NeedsASecondBlock) {
  Nand nand(small);
  EXPECT_FALSE(set_force_fastboot(nand, blocks(4, 1)));
  EXPECT_FALSE(clear_force_fastboot(nand, blocks(4, 1)));
}

TEST(BootedRevision, IsPutTogetherFromBothImages) {
  auto modem = read_version_lines("OEM_IMAGE_VERSION_STRING=EC25EFAR06A17M4G\nMODEM_VERSION=20.200\n");
  auto system = read_version_lines("OEM_IMAGE_VERSION_STRING=EC25EFAR06A17M4G_20.200.20.200\n");
  EXPECT_EQ(booted_revision(modem, system).cgmr, "EC25EFAR06A17M4G");
  EXPECT_EQ(booted_revision(modem, system).qgmr, "EC25EFAR06A17M4G_20.200.20.200");
}

TEST(BootedRevision, ShowsAMixedFlash) {
  auto modem = read_version_lines("OEM_IMAGE_VERSION_STRING=EC25EFAR08A01M4G\nMODEM_VERSION=01.001\n");
  auto system = read_version_lines("OEM_IMAGE_VERSION_STRING=EC25EFAR06A17M4G_20.200.20.200\n");
  EXPECT_EQ(booted_revision(modem, system).cgmr, "EC25EFAR08A01M4G");
  EXPECT_EQ(booted_revision(modem, system).qgmr, "EC25EFAR08A01M4G_01.001.20.200");
}

TEST(BootedRevision, IsUnknownWhenAnImageDoesNotTell) {
  EXPECT_EQ(booted_revision(VersionLines{}, VersionLines{}).cgmr, "");
  VersionLines modem{"EC25EFAR06A17M4G", "20.200"};
  EXPECT_EQ(booted_revision(modem, VersionLines{}).qgmr, "");
  EXPECT_EQ(booted_revision(modem, VersionLines{"noise", ""}).qgmr, "");
}

TEST(BootedRevision, OfAVendorsImagesComesFromTheNamesInThem) {
  using Names = std::vector<std::string>;
  auto found = booted_revision(Names{"EG25GGBR07A08M2G"}, Names{"EG25GGBR07A08M2G_30.006.30.006"});
  EXPECT_EQ(found.cgmr, "EG25GGBR07A08M2G");
  EXPECT_EQ(found.qgmr, "EG25GGBR07A08M2G_30.006.30.006");
  EXPECT_EQ(booted_revision(Names{}, Names{"EG25GGBR07A08M2G"}).cgmr, "EG25GGBR07A08M2G");
  EXPECT_EQ(booted_revision(Names{"EG25GGBR07A07M2G", "EG25GGBR07A08M2G"}, Names{}).cgmr, "");
  EXPECT_EQ(booted_revision(Names{}, Names{}).cgmr, "");
}

}  // namespace
}  // namespace modemedic::twin
