#include "plan/package_builder.h"
#include "plan/plan.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(const Plan& plan, Step::Kind kind) {
  std::vector<std::string> found;
  for (const auto& step : plan.steps) {
    if (step.kind == kind) {
      found.push_back(step.name);
    }
  }
  return found;
}

/// A small chip: 40 blocks of 4 sectors.
firmware::PartitionTable small_table() {
  return {{"sbl", {{0}, {8}}},    {"mibib", {{8}, {8}}},      {"efs2", {{16}, {16}}}, {"misc", {{32}, {8}}},
          {"boot", {{40}, {40}}}, {"recovery", {{80}, {40}}}, {"data", {{120}, {40}}}};
}

PackageBuilder small_package() {
  PackageBuilder builder({2048, 4, 40}, small_table());
  builder.program("sbl", "sbl1.mbn", 5000).program("mibib", "partition.mbn", 8192).program("boot", "boot.img", 9000);
  return builder;
}

TEST(Planner, ErasesSblFirstAndProvesIt) {
  auto plan = make_plan(eg25_in_trap_order().package());
  ASSERT_TRUE(plan);
  std::vector<Step::Kind> kinds;
  for (const auto& step : plan->steps) {
    kinds.push_back(step.kind);
  }
  kinds.resize(7);
  using Kind = Step::Kind;
  EXPECT_THAT(kinds, ElementsAre(Kind::switch_to_edl, Kind::upload, Kind::configure, Kind::ask_chip, Kind::erase,
                                 Kind::prove_erased, Kind::erase));
  EXPECT_EQ(plan->steps[4].range, (SectorRange{{0}, {640}}));
  EXPECT_EQ(plan->steps[5].range, (SectorRange{{0}, {640}}));
}

TEST(Planner, TakesEveryEraseOfThePackageOnceAndProgramsAsTheSourceGivesFiles) {
  auto plan = make_plan(eg25_in_trap_order().package());
  ASSERT_TRUE(plan);
  EXPECT_THAT(names(*plan, Step::Kind::erase), ElementsAre("SBL", "RPM", "aboot", "boot", "recovery", "modem",
                                                           "recoveryfs", "usr_data", "system", "TZ", "MIBIB"));
  EXPECT_THAT(names(*plan, Step::Kind::program), ElementsAre("TZ", "aboot", "boot", "recovery", "modem", "recoveryfs",
                                                             "usr_data", "system", "RPM", "MIBIB", "SBL"));
}

TEST(Planner, ProgramsWhatTheImageCoversAndNoMore) {
  auto plan = make_plan(eg25_in_trap_order().package());
  ASSERT_TRUE(plan);
  const auto& sbl = *(plan->steps.end() - 3);
  EXPECT_EQ(sbl.name, "SBL");
  EXPECT_EQ(sbl.range, (SectorRange{{0}, {109}}));  // 223176 bytes are 108.97 pages of 2048
}

TEST(Planner, ErasesAPartitionThatThePackageForgotToErase) {
  auto plan = make_plan(small_package().package());
  ASSERT_TRUE(plan);
  EXPECT_THAT(names(*plan, Step::Kind::erase), ElementsAre("sbl", "mibib", "boot"));
}

TEST(Planner, SendsAVendorsOwnEraseAsItsOwnStep) {
  auto builder = small_package();
  builder.erase("data").erase(SectorRange{{120}, {40}}, {{"vendor", "quectel"}});
  auto plan = make_plan(builder.package());
  ASSERT_TRUE(plan);
  EXPECT_THAT(names(*plan, Step::Kind::erase), ElementsAre("sbl", "data", "data", "mibib", "boot"));
  EXPECT_THAT(plan->steps[7].what, HasSubstr("vendor"));
}

TEST(Planner, KeepsPartitionsThatShareAFileNextToEachOther) {
  auto builder = small_package();
  builder.program("data", "data.ubi", 100).program("recovery", "boot.img", 9000);
  auto plan = make_plan(builder.package());
  ASSERT_TRUE(plan);
  EXPECT_THAT(names(*plan, Step::Kind::program), ElementsAre("boot", "recovery", "data", "mibib", "sbl"));
}

TEST(Planner, TellsForEachStepWhatACutLeavesAndWhenTheOldFirmwareIsGone) {
  auto plan = make_plan(eg25_in_trap_order().package());
  ASSERT_TRUE(plan);
  auto first_erase = std::find_if(plan->steps.begin(), plan->steps.end(),
                                  [](const Step& step) { return step.kind == Step::Kind::erase; });
  for (auto step = plan->steps.begin(); step != plan->steps.end(); ++step) {
    EXPECT_FALSE(step->what.empty());
    EXPECT_FALSE(step->cut_leaves.empty());
    EXPECT_FALSE(step->go_on.empty());
    EXPECT_EQ(step->no_return, step >= first_erase) << step->what;
  }
  EXPECT_THAT(plan->steps.front().cut_leaves, HasSubstr("old firmware"));
  EXPECT_THAT((first_erase + 1)->cut_leaves, HasSubstr("boot ROM comes up in EDL by itself"));
  EXPECT_THAT(plan->steps.back().cut_leaves, HasSubstr("new firmware"));
}

void expect_refused(const firmware::Package& package, const std::string& rule, const std::string& about) {
  auto plan = make_plan(package);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::refused) << plan.error().what;
  EXPECT_EQ(plan.error().rule, rule);
  EXPECT_THAT(plan.error().what, HasSubstr(about));
  EXPECT_FALSE(plan.error().hint.empty());
}

TEST(Planner, RefusesWhatBelongsToTheModule) {
  for (const auto* name : {"EFS2", "RAWDATA", "sec"}) {
    expect_refused(eg25_in_trap_order().erase(name).package(), "efs", name);
    expect_refused(eg25_in_trap_order().program(name, "x", 1).package(), "efs", name);
  }
  for (const auto* name : {"sys_rev", "cust_info", "misc"}) {
    expect_refused(eg25_in_trap_order().erase(name).package(), "partition", name);
    expect_refused(eg25_in_trap_order().program(name, "x", 1).package(), "partition", name);
  }
  expect_refused(eg25_in_trap_order().erase(SectorRange{{640}, {1280}}).package(), "efs", "EFS2");
  expect_refused(small_package().erase("efs2").package(), "efs", "efs2");
}

TEST(Planner, RefusesAnEraseOfTheWholeChip) {
  expect_refused(eg25_in_trap_order().erase(SectorRange{{0}, {131072}}).package(), "erase-all", "whole chip");
  expect_refused(eg25_in_trap_order().erase(SectorRange{{0}, {0xFFFFFFFF}}).package(), "erase-all", "whole chip");
}

TEST(Planner, RefusesAPackageThatIsNoFullFlash) {
  PackageBuilder no_sbl({2048, 4, 40}, small_table());
  no_sbl.program("mibib", "partition.mbn", 8192);
  expect_refused(no_sbl.package(), "partition", "SBL");
  PackageBuilder no_mibib({2048, 4, 40}, small_table());
  no_mibib.program("sbl", "sbl1.mbn", 8192);
  expect_refused(no_mibib.package(), "partition", "MIBIB");
}

TEST(Planner, RefusesASblThatTheBootRomWouldNotFind) {
  PackageBuilder builder({2048, 4, 40}, {{"mibib", {{0}, {8}}}, {"sbl", {{8}, {8}}}, {"efs2", {{16}, {16}}}});
  builder.program("sbl", "sbl1.mbn", 5000).program("mibib", "partition.mbn", 8192);
  expect_refused(builder.package(), "partition", "sector 8");
}

TEST(Planner, RefusesATableInWhichNothingIsTheModulesOwn) {
  PackageBuilder builder({2048, 4, 40}, {{"sbl", {{0}, {8}}}, {"mibib", {{8}, {8}}}});
  builder.program("sbl", "sbl1.mbn", 5000).program("mibib", "partition.mbn", 8192);
  expect_refused(builder.package(), "efs", "no EFS2");
}

TEST(Planner, RefusesSectorsThatAreInNoPartition) {
  PackageBuilder builder({2048, 4, 60}, small_table());
  builder.program("sbl", "sbl1.mbn", 5000).program("mibib", "partition.mbn", 8192);
  builder.erase(SectorRange{{156}, {8}});
  expect_refused(builder.package(), "partition", "sectors 156 to 163");

  auto table = small_table();
  std::erase_if(table, [](const auto& partition) { return partition.name == "misc"; });
  PackageBuilder gap({2048, 4, 40}, table);
  gap.program("sbl", "sbl1.mbn", 5000).program("mibib", "partition.mbn", 8192);
  gap.erase(SectorRange{{36}, {8}});
  expect_refused(gap.package(), "partition", "sectors 36 to 43");
}

TEST(Planner, RefusesAnImageThatTheTableKnowsUnderAnotherName) {
  auto package = small_package().package();
  package.images.back().partition = "recovery";
  expect_refused(package, "partition", "no partition recovery at sectors 40 to 79");
}

TEST(Planner, RefusesAnImageOfWhatIsTheModulesOwnWhateverItsCommandSays) {
  auto package = small_package().package();
  auto& image = package.images.back();
  image.partition = "efs2";
  image.range = {{16}, {16}};
  expect_refused(package, "efs", "efs2");
}

TEST(Planner, RefusesAPackageWithoutASize) {
  for (auto member : {&Geometry::page_size, &Geometry::pages_per_block}) {
    auto package = small_package().package();
    package.geometry.*member = 0;
    auto plan = make_plan(package);
    ASSERT_FALSE(plan);
    EXPECT_THAT(plan.error().what, HasSubstr("no page or block size"));
  }
}

TEST(Planner, RefusesAnyChipButTheOneWhoseBootChainIsKnown) {
  for (const auto* chip : {"9x40", "sdx55", "9x15", ""}) {
    auto package = small_package().package();
    package.chip = chip;
    expect_refused(package, "method", *chip == 0 ? "nobody knows" : chip);
  }
  auto package = small_package().package();
  package.kind = firmware::PackageKind::streaming;
  expect_refused(package, "method", "9x07");
}

TEST(Planner, RefusesWhatTheReaderFoundWrong) {
  auto package = small_package().package();
  package.findings.push_back({firmware::Finding::Level::warning, "image-shape", "odd"});
  EXPECT_TRUE(make_plan(package));
  package.findings.push_back({firmware::Finding::Level::error, "ubi", "a UBI image for other blocks"});
  expect_refused(package, "ubi", "for other blocks");
}

void expect_bad(const firmware::Package& package, const std::string& about) {
  auto plan = make_plan(package);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::package_bad);
  EXPECT_THAT(plan.error().what, HasSubstr(about));
}

TEST(Planner, RefusesNumbersThatAreNoPlaceOnTheChip) {
  constexpr auto most = ~std::uint64_t{0};
  expect_bad(small_package().erase(SectorRange{{160}, {4}}).package(), "not on a chip");
  expect_bad(small_package().erase(SectorRange{{120}, {44}}).package(), "not on a chip");
  expect_bad(small_package().erase(SectorRange{{4}, {most}}).package(), "not on a chip");
  expect_bad(small_package().erase(SectorRange{{most}, {4}}).package(), "not on a chip");
  expect_bad(small_package().erase(SectorRange{{most - 3}, {8}}).package(), "not on a chip");
  expect_bad(small_package().erase(SectorRange{{120}, {0}}).package(), "not on a chip");
  expect_bad(small_package().erase(SectorRange{{121}, {4}}).package(), "whole blocks");
  expect_bad(small_package().erase(SectorRange{{120}, {5}}).package(), "whole blocks");
}

TEST(Planner, RefusesImagesThatDoNotFit) {
  expect_bad(small_package().program("data", "x", 40 * 2048 + 1).package(), "its partition data only");
  expect_bad(small_package().program("data", "x", 0).package(), "empty");
  expect_bad(small_package().program("boot", "x", 1).package(), "more than one image");
}

}  // namespace
}  // namespace modemedic::plan
