#include "operation/chip_table.h"

#include "firmware/mibib.h"
#include "operation/flash.h"
#include "support/twin_bench.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using firmware::PartitionTable;
using test::newer_package;
using test::TwinBench;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t mibib_block = 10;  // sector 640 of 2 KiB pages, 64 a block

std::byte byte_of(std::uint32_t value, unsigned index) {
  return static_cast<std::byte>(value >> (8 * index) & 0xFFU);
}

/// Puts a table on the chip, behind what stands there, with an age (facts: page 0 has it at byte 12, page 3 the CRC
/// over pages 0 and 1 at byte 12).
void put_table(TwinBench& bench, const PartitionTable& table, std::uint64_t block, std::uint32_t age) {
  const auto& geometry = bench.persona.geometry;
  auto bytes = firmware::make_mibib(table, geometry);
  for (unsigned i = 0; i < 4; ++i) {
    bytes[12 + i] = byte_of(age, i);
  }
  auto crc = crc32_mibib(0, ByteView(bytes).first(2 * std::size_t{geometry.page_size}));
  for (unsigned i = 0; i < 4; ++i) {
    bytes[3 * std::size_t{geometry.page_size} + 12 + i] = byte_of(crc, i);
  }
  auto& nand = bench.modem->nand();
  ASSERT_TRUE(nand.erase(block));
  for (std::uint64_t page = 0; page < 4; ++page) {
    auto at = ByteView(bytes).subspan(static_cast<std::size_t>(page) * geometry.page_size, geometry.page_size);
    ASSERT_TRUE(nand.program(block * geometry.pages_per_block + page, at));
  }
}

/// The persona's table with two names exchanged.
PartitionTable with_exchanged(const TwinBench& bench, const std::string& one, const std::string& other) {
  auto table = bench.persona.table;
  auto named = [&](const std::string& name) {
    return std::find_if(table.begin(), table.end(), [&](const auto& partition) { return partition.name == name; });
  };
  std::swap(named(one)->name, named(other)->name);
  return table;
}

std::vector<std::string> rules_told(const TwinBench& bench) {
  std::vector<std::string> told;
  for (const auto& event : bench.events.recorded) {
    if (const auto* rule = std::get_if<event::Rule>(&event)) {
      told.push_back(rule->id + " " + rule->answer + ": " + rule->what);
    }
  }
  return told;
}

void expect_refused_before_the_first_erase(TwinBench& bench) {
  auto before = bench.fingerprint();
  test::FlashChoice choice;
  choice.overrides = {"efs", "unknown", "partition-table"};
  auto result = bench.flash(*newer_package("eg25-g"), choice);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::refused);
  EXPECT_EQ(result.error().rule, "efs");
  EXPECT_THAT(result.error().hint, HasSubstr("nothing was written"));
  EXPECT_EQ(bench.fingerprint(), before);
}

TEST(ChipTable, TheSameTableIsSilent) {
  TwinBench bench;
  ASSERT_TRUE(bench.flash(*newer_package("eg25-g")));
  EXPECT_THAT(rules_told(bench), Not(Contains(HasSubstr("partition-table warn"))));
}

TEST(ChipTable, ADifferenceMakesTheRuleSpeakAndTheFlashGoesOn) {
  TwinBench bench;
  auto table = bench.persona.table;
  auto cust_info = std::find_if(table.begin(), table.end(), [](const auto& p) { return p.name == "cust_info"; });
  ASSERT_NE(cust_info, table.end());
  cust_info->name = "cust_old";
  put_table(bench, table, mibib_block, 1);
  auto report = bench.flash(*newer_package("eg25-g"));
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_THAT(rules_told(bench), Contains(AllOf(HasSubstr("partition-table warn"), HasSubstr("cust_"))));
}

TEST(ChipTable, WhatTheChipKeepsElsewhereIsProtectedThere) {
  TwinBench bench;
  put_table(bench, with_exchanged(bench, "RAWDATA", "recovery"), mibib_block, 1);
  expect_refused_before_the_first_erase(bench);
  EXPECT_THAT(rules_told(bench), Contains(AllOf(HasSubstr("efs stop"), HasSubstr("erase recovery"),
                                                HasSubstr("RAWDATA by the chip's own table"))));
}

/// Nothing of the plan touches it, but the new table would make the firmware look for it in another place.
TEST(ChipTable, WhatWouldNotBeFoundAnyMoreIsProtected) {
  TwinBench bench;
  put_table(bench, with_exchanged(bench, "RAWDATA", "sys_rev"), mibib_block, 1);
  expect_refused_before_the_first_erase(bench);
  EXPECT_THAT(rules_told(bench), Contains(HasSubstr("the new firmware would not find it")));
}

TEST(ChipTable, OfSeveralCopiesTheYoungestCounts) {
  TwinBench bench;
  put_table(bench, with_exchanged(bench, "RAWDATA", "recovery"), mibib_block + 1, 7);
  expect_refused_before_the_first_erase(bench);

  TwinBench other;
  put_table(other, with_exchanged(other, "RAWDATA", "recovery"), mibib_block + 1, 0);
  auto report = other.flash(*newer_package("eg25-g"));
  EXPECT_TRUE(report) << report.error().what;
}

TEST(ChipTable, OneThatCannotBeReadOnAModemThatRunsIsUnknownAndUnknownStops) {
  TwinBench bench;
  ASSERT_TRUE(bench.modem->nand().erase(mibib_block));  // while it runs
  auto result = bench.flash(*newer_package("eg25-g"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().rule, "unknown");
  EXPECT_THAT(result.error().what, HasSubstr("no partition table on the chip"));
}

TEST(ChipTable, OneThatIsGoneInEdlIsBroughtBackByTheFlash) {
  TwinBench bench;
  ASSERT_TRUE(bench.modem->nand().erase(0));  // SBL: it waits in EDL
  ASSERT_TRUE(bench.modem->nand().erase(mibib_block));
  bench.power_cycle();
  auto report = bench.flash(*newer_package("eg25-g"), test::lifting_unknown());
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->after.revision, "EG25GGBR07A08M2G_30.006.30.006");
}

}  // namespace
}  // namespace modemedic::operation
