#include "operation/edit_chip.h"

#include "firmware/mibib.h"
#include "operation/chip_session.h"
#include "support/twin_bench.h"
#include "virtual/efs.h"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// `edl write` and `edl erase`: one partition by hand, through gate, prover and journal.
namespace modemedic::operation {
namespace {

using test::must;
using test::newer_package;
using test::TwinBench;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

// EG25-G 30.006.
constexpr SectorRange sbl{{0}, {640}};
constexpr SectorRange recovery{{20288}, {3968}};
constexpr SectorRange misc{{51648}, {320}};
constexpr SectorRange efs2{{1280}, {8704}};

class Bench : public TwinBench {
public:
  using TwinBench::TwinBench;

  std::string write_file(const std::string& name, const Buffer& bytes) {
    std::ofstream(folder / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return folder / name;
  }

  std::unique_ptr<ChipSession> open() {
    auto found = must(find());
    return must(ChipSession::open({bus, found, programmer_, nullptr, "2026-11-21T09:30:00Z", events, {}}));
  }

  /// Through to the end; the modem is left where it is.
  Result<void> edit(ChipSession& chip, const ChipEdit& edit, const std::set<std::string>& overrides = {}) {
    RestoreTarget target{chip.link(), chip.identity(), chip.storage(), chip.table()};
    EfsGuard guard({.place = {folder / "backups", "1-1", "2026-11-21T09:30:00Z"},
                    .clock = clock,
                    .events = events,
                    .stop = chip.stop(),
                    .programmer = "prog",
                    .programmer_digest = std::string(64, '0'),
                    .programmer_option = "--package fw",
                    .also = {"SBL"}});
    GateOptions gate;
    gate.overrides = overrides;
    TRY_ASSIGN(auto admission, admit_edit(target, edit, gate, guard, events, chip.stop()));
    return edit_chip(target, admission, edit, guard, {nullptr, "", "1-1", clock}, events, chip.stop());
  }

  Result<void> edit(const ChipEdit& wanted, const std::set<std::string>& overrides = {}) {
    auto chip = open();
    return edit(*chip, wanted, overrides);
  }

  void expect_refused(const ChipEdit& wanted, const std::string& rule, const std::set<std::string>& overrides = {}) {
    auto before = fingerprint();
    auto refused = edit(wanted, overrides);
    ASSERT_FALSE(refused) << rule;
    EXPECT_EQ(refused.error().rule, rule) << refused.error().what;
    EXPECT_EQ(fingerprint(), before) << rule;
    power_cycle();
  }

  std::string digest_of(const SectorRange& range) { return modem->nand().fingerprint(range); }

  test::TemporaryDirectory folder;

private:
  Programmer programmer_ = must(programmer_of(*newer_package("eg25-g")));
};

Buffer pattern(std::size_t size) {
  Buffer bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i * 7 + i / 2048);
  }
  return bytes;
}

TEST(EditChip, WritesAnImageWithSblOffAndPutsThatBack) {
  TwinBench::Options options;
  options.bad_blocks = {recovery.start.n / 64 + 1};
  Bench bench(options);
  auto sbl_before = bench.digest_of(sbl);
  auto image = pattern(3 * 131072 + 5000);
  auto file = bench.write_file("recovery.img", image);
  bench.events.recorded.clear();
  must(bench.edit({"recovery", recovery, file}));
  EXPECT_EQ(bench.digest_of(sbl), sbl_before);
  // The second block is bad: what would be there comes in the third.
  const auto& nand = bench.modem->nand();
  auto page_of = [&](std::uint64_t index) { return index < 64 ? index : index + 64; };
  for (std::uint64_t i = 0; i * 2048 < image.size(); ++i) {
    Buffer page(2048, std::byte{0xFF});
    auto part = ByteView(image).subspan(i * 2048, std::min<std::size_t>(2048, image.size() - i * 2048));
    std::copy(part.begin(), part.end(), page.begin());
    ASSERT_TRUE(std::ranges::equal(nand.peek(recovery.start.n + page_of(i)), page)) << i;
  }
  auto steps = bench.events.steps();
  auto first = std::find(steps.begin(), steps.end(), "erase");
  EXPECT_EQ(*(first + 1), "prove-erased") << "SBL's erase first, and proven";
  EXPECT_LT(std::find(steps.begin(), steps.end(), "save") - steps.begin(), first - steps.begin());
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("running"));
}

TEST(EditChip, ThatIsCutLeavesAModemThatWaitsInEdlOrRuns) {
  auto image = pattern(1000000);
  for (auto bytes : {1U, 300000U, 999000U, 1001000U, 1100000U, 1400000U}) {
    TwinBench::Options options;
    options.faults = {"cut@" + std::to_string(bytes)};
    Bench bench(options);
    auto file = bench.write_file("recovery.img", image);
    auto cut = bench.edit({"recovery", recovery, file});
    bench.power_cycle();
    EXPECT_THAT(bench.modem->state(), AnyOf(StartsWith("edl"), StartsWith("running"))) << bytes;
    if (!cut) {
      EXPECT_THAT(cut.error().hint, HasSubstr("modemedic restore")) << bytes;
      EXPECT_THAT(cut.error().hint, HasSubstr("waits in EDL")) << bytes;
    }
  }
}

TEST(EditChip, ErasesWhatTheModemDoesNotBootWithLeavingSblAlone) {
  Bench bench;
  auto before = bench.digest_of(sbl);
  bench.modem->nand().program(misc.start.n, Buffer(2048, std::byte{1}));
  must(bench.edit({"misc", misc, std::nullopt}));
  EXPECT_EQ(bench.modem->nand().state(misc.start.n), twin::Nand::PageState::erased);
  EXPECT_EQ(bench.digest_of(sbl), before);
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("running"));
}

TEST(EditChip, WhatIsTheModulesOwnIsNeverWrittenAndErasedOnlyWithItsBackup) {
  Bench bench;
  auto file = bench.write_file("efs", Buffer(2048, std::byte{1}));
  bench.expect_refused({"EFS2", efs2, file}, "other-module", {"other-module", "efs"});
  bench.expect_refused({"", {{1280}, {64}}, file}, "other-module", {"efs"});
  bench.expect_refused({"EFS2", efs2, std::nullopt}, "efs");
  bench.expect_refused({"", {{640 + 576}, {128}}, std::nullopt}, "partition", {"efs"});
  must(bench.edit({"EFS2", efs2, std::nullopt}, {"efs"}));
  EXPECT_FALSE(twin::read_efs(bench.modem->nand(), bench.persona));
}

TEST(EditChip, RefusesTheWholeChipHalfAnSblAndAnotherTable) {
  Bench bench;
  bench.expect_refused({"", {{0}, bench.persona.geometry.chip_sectors()}, std::nullopt}, "erase-all", {"erase-all"});
  bench.expect_refused({"", {{0}, {64}}, std::nullopt}, "partition", {"partition"});
  auto table = bench.persona.table;
  std::swap(table[5].name, table[6].name);
  auto mibib = bench.write_file("mibib", firmware::make_mibib(table, bench.persona.geometry));
  bench.expect_refused({"MIBIB", {{640}, {640}}, mibib}, "partition");
  auto right = bench.write_file("right", firmware::make_mibib(bench.persona.table, bench.persona.geometry));
  must(bench.edit({"MIBIB", {{640}, {640}}, right}));
}

TEST(EditChip, RefusesFilesThatCannotBeWhatTheyAreFor) {
  TwinBench::Options options;
  options.bad_blocks = {recovery.start.n / 64 + 1};
  Bench bench(options);
  auto chip = bench.open();
  auto expect = [&](const ChipEdit& edit, Code code) {
    auto before = bench.fingerprint();
    auto refused = bench.edit(*chip, edit);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, code) << refused.error().what;
    EXPECT_EQ(bench.fingerprint(), before);
  };
  expect({"SBL", sbl, bench.write_file("x", pattern(5000))}, Code::package_bad);
  expect({"misc", misc, bench.write_file("empty", {})}, Code::usage);
  expect({"misc", misc, bench.folder / "absent"}, Code::io);
  expect({"misc", misc, bench.write_file("long", pattern(320 * 2048 + 1))}, Code::usage);
  expect({"recovery", recovery, bench.write_file("full", pattern(3968 * 2048))}, Code::refused);
  expect({"", {{51649}, {64}}, std::nullopt}, Code::usage);
  expect({"", {{131072}, {64}}, std::nullopt}, Code::usage);
  expect({"", {{0xFFFFFFFFFFFFFF00U}, {0x200}}, std::nullopt}, Code::usage);
}

}  // namespace
}  // namespace modemedic::operation
