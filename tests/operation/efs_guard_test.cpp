#include "operation/efs_guard.h"

#include "firmware/mibib.h"
#include "operation/backup_file.h"
#include "operation/flash.h"
#include "support/twin_bench.h"
#include "virtual/efs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// A flash saves what is the module's own before its first erase, and shows that it left it alone.
namespace modemedic::operation {
namespace {

namespace fs = std::filesystem;
using test::must;
using test::newer_package;
using test::TwinBench;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Saving : test::FlashChoice {
  explicit Saving(const std::string& folder) {
    backups = folder;
    time = "2026-11-21T09:30:00Z";
  }
};

std::size_t files_in(const std::string& folder) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  return error ? 0 : static_cast<std::size_t>(std::distance(fs::begin(entries), fs::end(entries)));
}

/// EG25-G 30.006: `sys_rev` holds blocks 156 to 195, `recovery` from 317 on.
void put_table(TwinBench& bench, const firmware::PartitionTable& table) {
  constexpr std::uint64_t mibib_block = 10;
  const auto& geometry = bench.persona.geometry;
  auto bytes = firmware::make_mibib(table, geometry);
  ASSERT_TRUE(bench.modem->nand().erase(mibib_block));
  for (std::uint64_t page = 0; page < 4; ++page) {
    auto at = ByteView(bytes).subspan(static_cast<std::size_t>(page) * geometry.page_size, geometry.page_size);
    ASSERT_TRUE(bench.modem->nand().program(mibib_block * geometry.pages_per_block + page, at));
  }
}

firmware::PartitionTable with_exchanged(const TwinBench& bench, const std::string& one, const std::string& other) {
  auto table = bench.persona.table;
  auto named = [&](const std::string& name) {
    return std::find_if(table.begin(), table.end(), [&](const auto& partition) { return partition.name == name; });
  };
  std::swap(named(one)->name, named(other)->name);
  return table;
}

TEST(EfsGuard, SavesBeforeTheFirstEraseAndComparesBeforeTheReset) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  auto efs = must(twin::read_efs(bench.modem->nand(), bench.persona));
  auto report = bench.flash(*newer_package("eg25-g"), Saving(folder / "state/backups"));
  ASSERT_TRUE(report) << report.error().what;
  ASSERT_TRUE(report->saved);
  EXPECT_EQ(report->saved->file, folder / "state/backups/49cbd7ef_2026-11-21T093000Z.zip");
  EXPECT_THAT(report->saved->names(), ElementsAre("EFS2", "RAWDATA", "sec"));
  EXPECT_EQ(report->saved->bytes, (8704U + 640U + 256U) * 2048U);
  EXPECT_TRUE(report->efs_compared);
  EXPECT_THAT(report->efs_changed, IsEmpty());
  auto steps = bench.events.steps();
  auto at = [&](const char* id) { return std::find(steps.begin(), steps.end(), id) - steps.begin(); };
  EXPECT_LT(at("save"), at("erase"));
  EXPECT_LT(at("program"), at("compare"));
  EXPECT_LT(at("compare"), at("prove"));

  auto backup = must(BackupFile::open(report->saved->file));
  must(backup.verify({}));
  EXPECT_EQ(backup.manifest().imei, efs.imei);
  EXPECT_EQ(backup.manifest().chip_serial, "49cbd7ef");
  EXPECT_EQ(files_in(folder / "state/backups"), 1U) << "nothing is left beside it";
  auto rights = fs::status((folder / "state/backups")).permissions();
  EXPECT_EQ(rights & (fs::perms::group_all | fs::perms::others_all), fs::perms::none);
}

TEST(EfsGuard, WithoutAFolderNothingIsSavedAndAnotherFlashIsAnotherFile) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  auto without = bench.flash(*newer_package("eg25-g"));
  ASSERT_TRUE(without) << without.error().what;
  EXPECT_FALSE(without->saved);
  EXPECT_THAT(bench.events.steps(), Not(Contains("save")));
  for (auto count : {1U, 2U}) {
    ASSERT_TRUE(bench.flash(*newer_package("eg25-g"), Saving(folder / "b")));
    EXPECT_EQ(files_in(folder / "b"), count);
  }
}

TEST(EfsGuard, AFlashThatLeavesItAloneGoesOnWithoutACopyThatCannotBeMade) {
  test::TemporaryDirectory folder;
  std::ofstream(folder / "file") << "no folder";
  TwinBench bench;
  auto report = bench.flash(*newer_package("eg25-g"), Saving(folder / "file/backups"));
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_FALSE(report->saved);
  EXPECT_THAT(bench.events.log(), HasSubstr("what is the module's own could not be saved"));
}

TEST(EfsGuard, PagesThatCannotBeReadAreKeptMarkedAndTold) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  bench.modem->nand().tear_page(12544 + 3);  // of RAWDATA
  auto report = bench.flash(*newer_package("eg25-g"), Saving(folder / "b"));
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->saved->unreadable(), 1U);
  EXPECT_THAT(bench.events.log(), HasSubstr("RAWDATA: 1 sectors could not be read"));
}

TEST(EfsGuard, AChipWhoseTableACutFlashTookIsSavedByThePackagesTable) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  ASSERT_TRUE(bench.modem->nand().erase(0));
  ASSERT_TRUE(bench.modem->nand().erase(10));
  bench.power_cycle();
  Saving choice(folder / "b");
  choice.overrides = {"unknown"};
  auto report = bench.flash(*newer_package("eg25-g"), choice);
  ASSERT_TRUE(report) << report.error().what;
  ASSERT_TRUE(report->saved);
  EXPECT_THAT(report->efs_changed, IsEmpty());
  EXPECT_THAT(bench.events.log(), HasSubstr("where the package's table has it"));
}

/// The chip's own table has RAWDATA where the package has `recovery`.
TEST(EfsGuard, WhatWouldDestroyItNeedsTheOverrideAndAVerifiedBackup) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  put_table(bench, with_exchanged(bench, "RAWDATA", "recovery"));
  auto before = bench.fingerprint();
  auto expect_refused = [&](const Saving& choice, const char* why) {
    auto refused = bench.flash(*newer_package("eg25-g"), choice);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::refused);
    EXPECT_EQ(refused.error().rule, "efs");
    EXPECT_THAT(refused.error().what + refused.error().hint, AllOf(HasSubstr(why), HasSubstr("nothing was written")));
    EXPECT_EQ(bench.fingerprint(), before);
  };
  expect_refused(Saving(folder / "b"), "without a backup");
  Saving without("");
  without.overrides = {"efs", "partition-table", "unknown"};
  expect_refused(without, "none was to be made");
  std::ofstream(folder / "file") << "no folder";
  Saving nowhere(folder / "file/b");
  nowhere.overrides = {"efs"};
  expect_refused(nowhere, "there is no backup of it");

  Saving lifted(folder / "b");
  lifted.overrides = {"efs"};
  auto report = bench.flash(*newer_package("eg25-g"), lifted);
  ASSERT_TRUE(report) << report.error().what;
  ASSERT_TRUE(report->saved);
  must(must(BackupFile::open(report->saved->file)).verify({}));
  EXPECT_THAT(report->efs_written_over, ElementsAre("RAWDATA"));
  EXPECT_THAT(report->efs_changed, IsEmpty());
}

/// EG25-G before 30.006: usr_data 62336/31488, sec 93824/256, system 94080/36992.
TEST(EfsGuard, AnOldSecThatANewTableGivesToAnotherIsWrittenOverAndThatIsRight) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  auto table = bench.persona.table;
  for (auto& partition : table) {
    if (partition.name == "usr_data") {
      partition.range = {{62336}, {31488}};
    } else if (partition.name == "sec") {
      partition.range = {{93824}, {256}};
    } else if (partition.name == "system") {
      partition.range = {{94080}, {36992}};
    }
  }
  put_table(bench, table);
  auto report = bench.flash(*newer_package("eg25-g"), Saving(folder / "b"));
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_THAT(report->efs_written_over, ElementsAre("sec"));
  EXPECT_THAT(report->efs_changed, IsEmpty());
}

TEST(EfsGuard, ACopyWithHolesIsNoneForWhatWouldDestroyIt) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  put_table(bench, with_exchanged(bench, "RAWDATA", "recovery"));
  bench.modem->nand().tear_page(1280 + 100);  // of EFS2
  Saving lifted(folder / "b");
  lifted.overrides = {"efs"};
  auto refused = bench.flash(*newer_package("eg25-g"), lifted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "efs");
  EXPECT_THAT(refused.error().what, HasSubstr("could not be read"));
}

/// It never erased there; but what it finds is not what it saved.
TEST(EfsGuard, CalibrationThatChangedMeanwhileIsNoProof) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  bench.events.on_event = [&](const Event& event) {
    const auto* step = std::get_if<event::Step>(&event);
    if (step != nullptr && step->id == "compare") {
      bench.modem->nand().program(12544, Buffer(2048, std::byte{0}));  // RAWDATA
    }
  };
  auto result = bench.flash(*newer_package("eg25-g"), Saving(folder / "b"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::not_proven);
  EXPECT_THAT(result.error().what, HasSubstr("RAWDATA is not what it was"));
  EXPECT_THAT(result.error().hint, HasSubstr("modemedic restore " + (folder / "b")));
}

TEST(EfsGuard, AFlashThatIsStoppedWhileItSavesLeavesNothing) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  auto before = bench.fingerprint();
  std::stop_source person;
  bench.events.on_event = [&](const Event& event) {
    const auto* step = std::get_if<event::Step>(&event);
    if (step != nullptr && step->id == "save") {
      person.request_stop();
    }
  };
  auto result = bench.flash(*newer_package("eg25-g"), Saving(folder / "b"), person.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::interrupted);
  EXPECT_EQ(files_in(folder / "b"), 0U);
  EXPECT_EQ(bench.fingerprint(), before);
}

TEST(EfsGuard, SaysWhatItWouldSave) {
  auto persona = must(twin::find_persona("eg25-g"));
  EXPECT_EQ(told_to_save(persona.table, persona.geometry), "EFS2, RAWDATA and sec, 19 MiB, about 3 s");
  EXPECT_EQ(told_to_save({}, persona.geometry), "");
}

}  // namespace
}  // namespace modemedic::operation
