#include "virtual/boot_chain.h"

#include "virtual/force_flag.h"
#include "virtual/generator.h"
#include "virtual/partition_reader.h"

#include <algorithm>
#include <ostream>

#include <gmock/gmock.h>

namespace modemedic::twin {

/// For GoogleTest's messages.
static std::ostream& operator<<(std::ostream& out, BootOutcome::Kind kind) {
  constexpr const char* names[] = {"edl", "download", "dark", "fastboot", "loop", "running"};
  return out << names[static_cast<int>(kind)];
}

namespace {

using Kind = BootOutcome::Kind;
using testing::HasSubstr;

/// A chip with small firmware of its persona on it.
class BootChain : public testing::TestWithParam<std::string> {
protected:
  void SetUp() override { write(nand_, persona_.revision); }

  void write(Nand& nand, const std::string& revision) const {
    auto done = provision(nand, persona_, *firmware::parse_revision(revision), "0012d687", Scale::small);
    ASSERT_TRUE(done) << done.error().what;
  }

  SectorRange range(std::string_view name) const {
    return firmware::find_partition_any_case(persona_.table, name)->range;
  }

  std::uint64_t pages_per_block() const { return persona_.geometry.pages_per_block; }

  void erase(std::string_view name) {
    for (auto page = range(name).start.n; page < range(name).end().n; page += pages_per_block()) {
      nand_.erase(page / pages_per_block());
    }
  }

  /// What was programmed in one go from the partition's start.
  Buffer image(std::string_view name) const { return PartitionReader(nand_, range(name)).written().bytes; }

  /// Leaves the partition with the first `pages` pages of an image, as a flash that was cut does.
  void write_start(std::string_view name, ByteView bytes, std::uint64_t pages) {
    erase(name);
    const auto page_size = persona_.geometry.page_size;
    for (std::uint64_t page = 0; page < pages; ++page) {
      nand_.program(range(name).start.n + page, bytes.subspan(page * page_size, page_size));
    }
  }

  std::uint64_t pages_of(ByteView bytes) const { return bytes.size() / persona_.geometry.page_size; }

  void tear(std::string_view name, std::uint64_t page) { nand_.tear_page(range(name).start.n + page); }

  BootOutcome boots() const { return boot(nand_, persona_); }

  Persona persona_ = *find_persona(GetParam());
  Nand nand_{persona_.geometry};
};

TEST_P(BootChain, AProvisionedChipRunsItsRevision) {
  auto outcome = boots();
  EXPECT_EQ(outcome.kind, Kind::running) << outcome.because;
  EXPECT_TRUE(outcome.modem_up);
  EXPECT_EQ(outcome.qgmr, persona_.revision);
  EXPECT_EQ(outcome.cgmr, firmware::parse_revision(persona_.revision)->short_text());
}

TEST_P(BootChain, ABlankChipWaitsInEdl) {
  Nand blank(persona_.geometry);
  EXPECT_EQ(boot(blank, persona_).kind, Kind::edl);
}

struct Stage {
  const char* partition;
  Kind erased;
  Kind torn;          ///< behind its first page
  Kind torn_at_once;  ///< in its first page
};

/// What the design says of a partition that is missing, and of one that isn't whole.
constexpr Stage stages[] = {
    {"sbl", Kind::edl, Kind::edl, Kind::edl},          {"mibib", Kind::download, Kind::dark, Kind::dark},
    {"tz", Kind::download, Kind::dark, Kind::dark},    {"rpm", Kind::download, Kind::dark, Kind::dark},
    {"aboot", Kind::download, Kind::dark, Kind::dark}, {"boot", Kind::fastboot, Kind::loop, Kind::fastboot},
    {"system", Kind::loop, Kind::loop, Kind::loop},
};

/// `dark` in the table is Sahara on a persona that shows itself.
Kind expected(Kind kind, bool dark_when_torn) {
  return kind == Kind::dark && !dark_when_torn ? Kind::download : kind;
}

TEST_P(BootChain, EachStageThatIsMissingEndsItsWay) {
  for (const auto& stage : stages) {
    const auto whole = image(stage.partition);
    for (auto dark : {false, true}) {
      SCOPED_TRACE(stage.partition);
      persona_.dark_when_torn = dark;
      erase(stage.partition);
      EXPECT_EQ(boots().kind, stage.erased) << boots().because;
    }
    write_start(stage.partition, whole, pages_of(whole));
  }
}

TEST_P(BootChain, EachStageThatIsTornEndsItsWay) {
  for (const auto& stage : stages) {
    SCOPED_TRACE(stage.partition);
    const auto whole = image(stage.partition);
    const auto pages = pages_of(whole);
    ASSERT_GT(pages, 1U);
    for (auto page : {std::uint64_t{0}, std::uint64_t{1}, pages / 2, pages - 1}) {
      write_start(stage.partition, whole, pages);
      tear(stage.partition, page);
      for (auto dark : {false, true}) {
        persona_.dark_when_torn = dark;
        EXPECT_EQ(boots().kind, expected(page == 0 ? stage.torn_at_once : stage.torn, dark))
            << "page " << page << " of " << pages << ": " << boots().because;
      }
    }
    write_start(stage.partition, whole, pages);
    ASSERT_EQ(boots().kind, Kind::running) << boots().because;
  }
}

/// A flash that was cut at any page, with or without a torn page there, never leaves a modem that runs as if whole.
TEST_P(BootChain, AnImageThatIsCutAnywhereDoesNotPass) {
  for (const auto& stage : stages) {
    SCOPED_TRACE(stage.partition);
    const auto whole = image(stage.partition);
    const auto pages = pages_of(whole);
    // Padding with 0xFF behind the last byte that counts is nothing that a cut could take away.
    const auto last = std::find_if(whole.rbegin(), whole.rend(), [](std::byte b) { return b != std::byte{0xFF}; });
    const auto needed = pages_of({whole.data(), static_cast<std::size_t>(whole.rend() - last)});
    for (std::uint64_t cut = 0; cut < pages; cut += 1 + pages / 50) {
      write_start(stage.partition, whole, cut);
      if (cut <= needed) {
        EXPECT_NE(boots().kind, Kind::running) << "after " << cut << " pages of " << pages;
      }
      tear(stage.partition, cut);
      EXPECT_NE(boots().kind, Kind::running) << "torn after " << cut << " pages of " << pages;
    }
    write_start(stage.partition, whole, pages);
    ASSERT_EQ(boots().kind, Kind::running) << boots().because;
  }
}

TEST_P(BootChain, WithoutModemImageItRunsWithoutAt) {
  tear("modem", 1);
  auto outcome = boots();
  EXPECT_EQ(outcome.kind, Kind::running);
  EXPECT_FALSE(outcome.modem_up);
  EXPECT_THAT(outcome.because, HasSubstr("modem"));
  EXPECT_EQ(outcome.cgmr, "");
  erase("modem");
  EXPECT_FALSE(boots().modem_up);
}

TEST_P(BootChain, WhatNoStageNeedsMayBeMissing) {
  for (const auto& partition : persona_.table) {
    auto needed = std::any_of(std::begin(stages), std::end(stages), [&](const Stage& stage) {
      const auto* named = firmware::find_partition_any_case(persona_.table, stage.partition);
      return named->name == partition.name;
    });
    if (!needed && partition.name != "modem") {
      erase(partition.name);
      EXPECT_EQ(boots().kind, Kind::running) << partition.name;
      EXPECT_TRUE(boots().modem_up) << partition.name;
    }
  }
}

TEST_P(BootChain, TheForceFlagEndsInFastbootButContinueGoesPastIt) {
  ASSERT_TRUE(set_force_fastboot(nand_, range("misc")));
  EXPECT_EQ(boots().kind, Kind::fastboot);
  EXPECT_THAT(boots().because, HasSubstr("force flag"));
  EXPECT_EQ(boot_past_fastboot(nand_, persona_).kind, Kind::running);
  ASSERT_TRUE(clear_force_fastboot(nand_, range("misc")));
  EXPECT_EQ(boots().kind, Kind::running);
}

TEST_P(BootChain, ContinueWithoutAKernelFallsSilent) {
  erase("boot");
  EXPECT_EQ(boots().kind, Kind::fastboot);
  EXPECT_EQ(boot_past_fastboot(nand_, persona_).kind, Kind::dark);
}

TEST_P(BootChain, BadBlocksInsideARangeAreSteppedOver) {
  Nand worn(persona_.geometry);
  for (const auto* name : {"tz", "boot", "modem", "system"}) {
    worn.mark_bad(range(name).start.n / pages_per_block());
  }
  worn.mark_bad(range("system").start.n / pages_per_block() + 2);
  write(worn, persona_.revision);
  auto outcome = boot(worn, persona_);
  EXPECT_EQ(outcome.kind, Kind::running) << outcome.because;
  EXPECT_EQ(outcome.qgmr, persona_.revision);
}

std::string first_two_fields(const std::string& dotted) {
  return dotted.substr(0, dotted.find('.', dotted.find('.') + 1));
}

TEST_P(BootChain, AMixedFlashShowsInTheRevision) {
  // The same name with another release and another sub-version.
  auto name = *firmware::parse_revision(persona_.revision);
  auto other = name.order_code + "R99A99" + name.memory + "_77.701.77.702";
  Nand donor(persona_.geometry);
  write(donor, other);
  EXPECT_EQ(boot(donor, persona_).qgmr, other);

  erase("system");
  for (auto page = range("system").start.n; page < range("system").end().n; ++page) {
    if (auto bytes = donor.peek(page); !bytes.empty()) {
      nand_.program(page, bytes);
    }
  }
  auto mixed = boots();
  EXPECT_EQ(mixed.cgmr, name.short_text());
  EXPECT_EQ(mixed.qgmr, name.short_text() + "_" + first_two_fields(name.sub_version) + ".77.702");
}

std::vector<std::string> every_9x07() {
  const auto all = personas().value_or(std::vector<Persona>{});
  std::vector<std::string> ids;
  for (const auto& persona : all) {
    if (!is_9x15(persona)) {
      ids.push_back(persona.id);
    }
  }
  return ids;
}

INSTANTIATE_TEST_SUITE_P(Personas, BootChain, testing::ValuesIn(every_9x07()));

}  // namespace
}  // namespace modemedic::twin
