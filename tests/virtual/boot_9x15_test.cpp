#include "virtual/boot_chain.h"
#include "virtual/force_flag.h"
#include "virtual/generator.h"
#include "virtual/partition_reader.h"

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

using Kind = BootOutcome::Kind;
using testing::HasSubstr;

/// An EC20 with small firmware on it.
class Boot9x15 : public testing::Test {
protected:
  void SetUp() override {
    auto done = provision(nand_, persona_, *firmware::parse_revision(persona_.revision), "0012d687", Scale::small);
    ASSERT_TRUE(done) << done.error().what;
  }

  SectorRange range(std::string_view name) const { return firmware::find_partition(persona_.table, name)->range; }

  void erase(std::string_view name) {
    for (auto page = range(name).start.n; page < range(name).end().n; page += persona_.geometry.pages_per_block) {
      nand_.erase(page / persona_.geometry.pages_per_block);
    }
  }

  Buffer image(std::string_view name) const { return PartitionReader(nand_, range(name)).written().bytes; }

  void write_start(std::string_view name, ByteView bytes, std::uint64_t pages) {
    erase(name);
    const auto page_size = persona_.geometry.page_size;
    for (std::uint64_t page = 0; page < pages; ++page) {
      nand_.program(range(name).start.n + page, bytes.subspan(page * page_size, page_size));
    }
  }

  void tear(std::string_view name, std::uint64_t page) { nand_.tear_page(range(name).start.n + page); }

  BootOutcome boots() const { return boot(nand_, persona_); }

  Persona persona_ = *find_persona("ec20");
  Nand nand_{persona_.geometry};
};

TEST_F(Boot9x15, AProvisionedChipRunsItsRevisionWithoutASubVersion) {
  auto outcome = boots();
  EXPECT_EQ(outcome.kind, Kind::running) << outcome.because;
  EXPECT_TRUE(outcome.modem_up) << outcome.because;
  EXPECT_EQ(outcome.cgmr, "EC20EQAR02A04E2G");
  EXPECT_EQ(outcome.qgmr, "");
}

TEST_F(Boot9x15, ABlankChipIsInDownloadMode) {
  Nand blank(persona_.geometry);
  EXPECT_EQ(boot(blank, persona_).kind, Kind::download);
}

struct Stage {
  const char* partition;
  Kind erased;
  Kind torn;
  Kind torn_at_once;  ///< in its first page
};

constexpr Stage stages[] = {
    {"SBL1", Kind::download, Kind::download, Kind::download}, {"MIBIB", Kind::download, Kind::dark, Kind::dark},
    {"SBL2", Kind::download, Kind::dark, Kind::dark},         {"RPM", Kind::download, Kind::dark, Kind::dark},
    {"APPSBL", Kind::download, Kind::dark, Kind::dark},       {"boot", Kind::fastboot, Kind::loop, Kind::fastboot},
    {"system", Kind::loop, Kind::loop, Kind::loop},
};

TEST_F(Boot9x15, EachStageThatIsMissingOrTornEndsItsWay) {
  for (const auto& stage : stages) {
    SCOPED_TRACE(stage.partition);
    const auto whole = image(stage.partition);
    const auto pages = whole.size() / persona_.geometry.page_size;
    ASSERT_GT(pages, 1U);
    for (auto dark : {false, true}) {
      persona_.dark_when_torn = dark;
      auto shown = [dark](Kind kind) { return kind == Kind::dark && !dark ? Kind::download : kind; };
      erase(stage.partition);
      EXPECT_EQ(boots().kind, stage.erased) << boots().because;
      for (std::uint64_t page = 0; page < pages; page += 1 + pages / 20) {
        write_start(stage.partition, whole, page);
        EXPECT_NE(boots().kind, Kind::running) << page << " of " << pages << " pages";
        write_start(stage.partition, whole, pages);
        tear(stage.partition, page);
        EXPECT_EQ(boots().kind, shown(page == 0 ? stage.torn_at_once : stage.torn)) << boots().because;
      }
      write_start(stage.partition, whole, pages);
      ASSERT_EQ(boots().kind, Kind::running) << boots().because;
    }
  }
}

TEST_F(Boot9x15, WithoutOneOfItsDspImagesItRunsWithoutAt) {
  for (const auto* name : {"dsp1", "dsp2", "dsp3"}) {
    const auto whole = image(name);
    tear(name, 1);
    EXPECT_EQ(boots().kind, Kind::running);
    EXPECT_FALSE(boots().modem_up);
    EXPECT_THAT(boots().because, HasSubstr(name));
    erase(name);
    EXPECT_FALSE(boots().modem_up);
    write_start(name, whole, whole.size() / persona_.geometry.page_size);
    ASSERT_TRUE(boots().modem_up) << boots().because;
  }
}

TEST_F(Boot9x15, WhatNoStageNeedsMayBeMissing) {
  for (const auto* name : {"EFS2", "recovery", "recoveryfs", "misc", "sys_rev", "userdata"}) {
    erase(name);
    EXPECT_EQ(boots().kind, Kind::running) << name;
    EXPECT_TRUE(boots().modem_up) << name;
  }
}

TEST_F(Boot9x15, TheForceFlagEndsInFastbootButContinueGoesPastIt) {
  ASSERT_TRUE(set_force_fastboot(nand_, range("misc")));
  EXPECT_EQ(boots().kind, Kind::fastboot);
  EXPECT_EQ(boot_past_fastboot(nand_, persona_).kind, Kind::running);
  erase("boot");
  EXPECT_EQ(boot_past_fastboot(nand_, persona_).kind, Kind::dark);
}

}  // namespace
}  // namespace modemedic::twin
