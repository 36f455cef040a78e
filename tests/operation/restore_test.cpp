#include "operation/restore.h"

#include "base/digest.h"
#include "operation/backup.h"
#include "operation/chip_session.h"
#include "support/twin_bench.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Backup, loss, restore.
namespace modemedic::operation {
namespace {

using test::must;
using test::newer_package;
using test::TwinBench;
using testing::HasSubstr;

std::unique_ptr<ChipSession> open_chip(TwinBench& bench, const Programmer& programmer) {
  auto found = must(bench.find());
  return must(ChipSession::open({bench.bus, found, programmer, nullptr, "2026-11-21T09:30:00Z", bench.events, {}}));
}

const Programmer& its_programmer() {
  static const auto programmer = must(programmer_of(*newer_package("eg25-g")));
  return programmer;
}

Result<BackupReport> back_up(ChipSession& chip, const std::string& out, std::vector<std::string> partitions = {},
                             std::stop_token stop = {}) {
  auto table = chip.table().table.value_or(firmware::PartitionTable{});
  ReadableChip readable{chip.link(), chip.identity(), chip.storage(), table, "prog", std::string(64, '0')};
  return make_backup(readable, {out, std::move(partitions), "2026-11-21T09:30:00Z"}, chip.events(), stop);
}

Result<void> put_back(ChipSession& chip, const std::string& path, const std::vector<std::string>& partitions = {}) {
  TRY_ASSIGN(auto backup, BackupFile::open(path));
  RestoreTarget target{chip.link(), chip.identity(), chip.storage(), chip.table()};
  TRY_ASSIGN(auto admission, admit_restore(target, backup, partitions, {}));
  return restore(target, admission, backup, nullptr, "", "1-1", path, chip.clock(), chip.events(), {});
}

using Pages = std::map<std::uint64_t, Sha256>;

Pages programmed(const twin::Nand& nand) {
  Pages pages;
  for (std::uint64_t page = 0; page < nand.geometry().chip_sectors().n; ++page) {
    // One that was programmed with nothing but 0xFF reads as an erased one does.
    if (nand.state(page) == twin::Nand::PageState::programmed && !blank_fill(nand.peek(page))) {
      pages[page] = digest<Sha256>(nand.peek(page));
    }
  }
  return pages;
}

TEST(Restore, BringsBackEveryProgrammedPageOfAnErasedChip) {
  TwinBench::Options options;
  options.bad_blocks = {25, 300, 700};
  TwinBench bench(options);
  auto before = programmed(bench.modem->nand());
  test::TemporaryDirectory folder;
  auto chip = open_chip(bench, its_programmer());
  must(back_up(*chip, folder / "all.zip"));
  for (std::uint64_t block = 0; block < bench.persona.geometry.blocks; ++block) {
    bench.modem->nand().erase(block);
  }
  chip.reset();
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), HasSubstr("edl"));
  chip = open_chip(bench, its_programmer());
  must(put_back(*chip, folder / "all.zip"));
  EXPECT_TRUE(programmed(bench.modem->nand()) == before);
  auto after = must(chip->restart());
  EXPECT_EQ(after.revision, bench.persona.revision);
  EXPECT_EQ(after.imei, bench.modem->imei());
}

TEST(Restore, IsRefusedForAnotherModuleATableOrABlockThatIsNotThatOfTheBackup) {
  test::TemporaryDirectory folder;
  TwinBench first;
  {
    auto chip = open_chip(first, its_programmer());
    must(back_up(*chip, folder / "efs.zip", {"EFS2"}));
  }
  TwinBench::Options options;
  options.serial = "11223344";
  TwinBench other(options);
  auto before = other.fingerprint();
  auto chip = open_chip(other, its_programmer());
  auto refused = put_back(*chip, folder / "efs.zip");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "other-module");
  EXPECT_EQ(other.fingerprint(), before);

  TwinBench::Options worn;
  worn.bad_blocks = {20};  // the first of EFS2
  TwinBench same(worn);
  auto again = open_chip(same, its_programmer());
  auto bad = put_back(*again, folder / "efs.zip");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().rule, "bad-blocks");
}

TEST(Restore, KeepsMarksAndTellsPagesThatCannotBeRead) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  auto chip = open_chip(bench, its_programmer());
  bench.modem->nand().tear_page(1280 + 3);
  auto made = must(back_up(*chip, folder / "efs.zip", {"EFS2"}));
  EXPECT_EQ(made.manifest.pieces.at(0).unreadable, std::vector<std::uint64_t>{1283});
  EXPECT_THAT(bench.events.log(), HasSubstr("could not be read"));
  auto refused = put_back(*chip, folder / "efs.zip");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "unreadable");
}

TEST(Backup, GoesOnFromWhatACutOneHasRead) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  auto chip = open_chip(bench, its_programmer());
  std::stop_source person;
  bench.events.on_event = [&](const Event& event) {
    const auto* progress = std::get_if<event::Progress>(&event);
    if (progress != nullptr && progress->what == "modem") {
      person.request_stop();
    }
  };
  auto cut = back_up(*chip, folder / "all.zip", {}, person.get_token());
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Code::interrupted);
  bench.events.on_event = nullptr;
  auto made = must(back_up(*chip, folder / "all.zip"));
  EXPECT_GT(made.resumed, 5U);
  EXPECT_LT(made.bytes, bench.persona.geometry.chip_size());
  must(must(BackupFile::open(folder / "all.zip")).verify({}));
}

}  // namespace
}  // namespace modemedic::operation
