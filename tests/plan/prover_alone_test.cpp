// Plans and packages that are right but for one thing, which nothing but one of the prover's questions notices.

#include "firmware/partition_role.h"
#include "plan/package_builder.h"
#include "plan/plan.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::plan {
namespace {

using firmware::Role;
using testing::HasSubstr;

/// What the prover says against it; empty: nothing.
std::string said_against(const Plan& plan, const firmware::Package& package) {
  auto proven = prove_plan(plan, package);
  return proven ? "" : proven.error().what;
}

class ProverAlone : public testing::Test {
protected:
  ProverAlone() { EXPECT_EQ(said_against(plan, package), ""); }

  std::size_t place_of(Step::Kind kind) const {
    return static_cast<std::size_t>(std::ranges::find(plan.steps, kind, &Step::kind) - plan.steps.begin());
  }

  std::string without(Step::Kind kind) const {
    auto changed = plan;
    changed.steps.erase(changed.steps.begin() + static_cast<std::ptrdiff_t>(place_of(kind)));
    return said_against(changed, package);
  }

  std::string twice(Step::Kind kind) const {
    auto changed = plan;
    auto at = changed.steps.begin() + static_cast<std::ptrdiff_t>(place_of(kind));
    auto step = *at;
    changed.steps.insert(at, step);
    return said_against(changed, package);
  }

  /// The package erases a range as well, and the plan does that among its other erases.
  std::string with_erase_of(SectorRange range) {
    auto builder = eg25_in_trap_order();
    builder.erase(range);
    auto changed = plan;
    auto last = std::ranges::find(changed.steps, Step::Kind::program, &Step::kind);
    auto step = *(last - 1);
    EXPECT_EQ(step.kind, Step::Kind::erase);
    step.range = range;
    step.command = builder.package().commands.size() - 1;
    changed.steps.insert(last, step);
    return said_against(changed, builder.package());
  }

  SectorRange range_of(Role role) const {
    auto partition =
        std::ranges::find_if(package.table, [&](const auto& entry) { return firmware::role_of(entry.name) == role; });
    return partition->range;
  }

  firmware::Package package = eg25_in_trap_order().package();
  Plan plan = make_plan(package).value();
};

TEST_F(ProverAlone, LeavesWhatIsTheModulesOwnEvenWhereThePackageErasesIt) {
  auto seen = 0;
  for (const auto& partition : package.table) {
    auto role = firmware::role_of(partition.name);
    if (role != Role::calibrated && role != Role::kept) {
      continue;
    }
    ++seen;
    EXPECT_THAT(with_erase_of(partition.range), HasSubstr(partition.name + ", which belongs to the module"));
    SectorRange last_block{{partition.range.end().n - 64}, {64}};
    EXPECT_THAT(with_erase_of(last_block), HasSubstr(partition.name)) << "a block of it";
  }
  EXPECT_EQ(seen, 6) << "EFS2, RAWDATA, sec, sys_rev, cust_info, misc";
}

TEST_F(ProverAlone, LetsAPackageEraseWhatIsAnybodys) {
  SectorRange usr_data{{62336}, {30720}};
  EXPECT_EQ(with_erase_of(usr_data), "");
  EXPECT_THAT(with_erase_of({usr_data.start, {30719}}), HasSubstr("not whole blocks"));
  EXPECT_THAT(with_erase_of({{131072}, {64}}), HasSubstr("not on the chip"));
  EXPECT_THAT(with_erase_of({{131008}, {128}}), HasSubstr("not on the chip"));
}

TEST_F(ProverAlone, WantsEachStepThatAnotherStandsOn) {
  EXPECT_THAT(without(Step::Kind::upload), HasSubstr("before the modem has its programmer"));
  EXPECT_THAT(without(Step::Kind::configure), HasSubstr("before the modem was configured"));
  EXPECT_THAT(without(Step::Kind::ask_chip), HasSubstr("before the modem was asked"));
  EXPECT_THAT(without(Step::Kind::reset), HasSubstr("before the modem was reset"));
  EXPECT_THAT(without(Step::Kind::prove), HasSubstr("asked to prove itself"));
}

TEST_F(ProverAlone, WantsEachOfThemOnce) {
  for (auto kind : {Step::Kind::switch_to_edl, Step::Kind::upload, Step::Kind::configure, Step::Kind::ask_chip,
                    Step::Kind::prove}) {
    EXPECT_THAT(twice(kind), HasSubstr("a second time")) << id_of(kind);
  }
  EXPECT_THAT(twice(Step::Kind::reset), HasSubstr("after the reset"));
}

TEST_F(ProverAlone, WantsTheSwitchBeforeTheUpload) {
  std::swap(plan.steps[place_of(Step::Kind::switch_to_edl)], plan.steps[place_of(Step::Kind::upload)]);
  EXPECT_THAT(said_against(plan, package), HasSubstr("comes after the upload"));
}

TEST_F(ProverAlone, KnowsTheStepsOfItsWay) {
  plan.steps[place_of(Step::Kind::configure)].kind = Step::Kind::reboot;
  EXPECT_THAT(said_against(plan, package), HasSubstr("no step this prover knows"));
}

TEST_F(ProverAlone, WantsThePlanAndThePackageForOneChip) {
  auto changed = plan;
  changed.geometry.blocks -= 1;
  EXPECT_THAT(said_against(changed, package), HasSubstr("another geometry"));
  for (auto* size : {&package.geometry.page_size, &package.geometry.pages_per_block}) {
    auto before = std::exchange(*size, 0);
    plan.geometry = package.geometry;
    EXPECT_THAT(said_against(plan, package), HasSubstr("another geometry"));
    *size = before;
  }
}

TEST_F(ProverAlone, WantsAnImageForEachProgramAndNoneForAnErase) {
  auto image = package.images.back();
  package.images.pop_back();
  EXPECT_THAT(said_against(plan, package), HasSubstr("has 0 images"));
  package.images.push_back(image);
  package.images.push_back(image);
  EXPECT_THAT(said_against(plan, package), HasSubstr("has 2 images"));
}

TEST_F(ProverAlone, WantsImagesThatPointAtWhatThePackageHas) {
  auto builder = eg25_in_trap_order();
  auto& image = builder.package().images[2];
  image.file = builder.package().files.size();
  EXPECT_THAT(said_against(plan, builder.package()), HasSubstr("no command or file"));
  image.file = package.images[2].file;
  builder.package().images.push_back(image);
  builder.package().images.back().command = builder.package().commands.size();
  EXPECT_THAT(said_against(plan, builder.package()), HasSubstr("no command or file"));
}

TEST_F(ProverAlone, WantsStepsThatPointAtWhatThePackageHas) {
  auto changed = plan;
  changed.steps[place_of(Step::Kind::erase)].command = package.commands.size();
  EXPECT_THAT(said_against(changed, package), HasSubstr("no command of the package"));
  changed = plan;
  changed.steps[place_of(Step::Kind::program)].image = package.images.size();
  EXPECT_THAT(said_against(changed, package), HasSubstr("no image of the package"));
}

TEST_F(ProverAlone, WantsAProgramToSayWhereItGoes) {
  auto changed = plan;
  changed.steps[place_of(Step::Kind::program)].name = "RPM";
  EXPECT_THAT(said_against(changed, package), HasSubstr("are not where"));
  changed = plan;
  changed.steps[place_of(Step::Kind::program)].range.count.n -= 1;
  EXPECT_THAT(said_against(changed, package), HasSubstr("are not where"));
}

/// What goes on with nothing left but SBL: its blank state was never read back.
TEST_F(ProverAlone, WantsSblProvenBlankEvenWhereNothingElseChanges) {
  PackageBuilder builder({2048, 4, 40}, {{"sbl", {{0}, {8}}}, {"mibib", {{8}, {8}}}, {"efs2", {{16}, {16}}}});
  builder.program("sbl", "sbl1.mbn", 5000).program("mibib", "partition.mbn", 8192);
  package = builder.package();
  auto mibib = std::ranges::find(package.images, "mibib", &firmware::Image::partition);
  Standing standing{static_cast<std::size_t>(mibib - package.images.begin())};
  plan = make_plan(package, standing).value();
  EXPECT_TRUE(prove_plan(plan, package, standing));
  plan.steps.erase(plan.steps.begin() + static_cast<std::ptrdiff_t>(place_of(Step::Kind::prove_erased)));
  auto proven = prove_plan(plan, package, standing);
  ASSERT_FALSE(proven);
  EXPECT_THAT(proven.error().what, HasSubstr("proven by reading it back"));
}

TEST_F(ProverAlone, WantsAnSblAtSectorZero) {
  auto sbl = std::ranges::find(package.table, "SBL", &firmware::Partition::name);
  sbl->name = "first";
  for (auto& image : package.images) {
    image.partition = image.partition == "SBL" ? "first" : image.partition;
  }
  EXPECT_THAT(said_against(plan, package), HasSubstr("no SBL for sector 0"));

  // The same with an SBL that is elsewhere.
  package = eg25_in_trap_order().package();
  for (auto& partition : package.table) {
    partition.name = partition.name == "SBL" ? "TZ" : partition.name == "TZ" ? "SBL" : partition.name;
  }
  for (auto& image : package.images) {
    image.partition = image.partition == "SBL" ? "TZ" : image.partition == "TZ" ? "SBL" : image.partition;
  }
  EXPECT_THAT(said_against(plan, package), HasSubstr("no SBL for sector 0"));
}

/// Moves an image, its command and its partition.
void move(firmware::Package& package, const std::string& name, SectorRange to) {
  auto image = std::ranges::find(package.images, name, &firmware::Image::partition);
  image->range = to;
  package.commands[image->command].range = to;
  std::ranges::find(package.table, name, &firmware::Partition::name)->range = to;
}

TEST_F(ProverAlone, WantsImagesOnWholeBlocksOfTheChip) {
  auto begin = package.geometry.chip_sectors().n;
  for (auto to : {SectorRange{{13184}, {767}}, SectorRange{{13185}, {767}}, SectorRange{{begin}, {768}},
                  SectorRange{{begin - 64}, {768}}}) {
    move(package, "TZ", to);
    EXPECT_THAT(said_against(plan, package), HasSubstr("not whole blocks on the chip")) << to.start.n;
  }
}

TEST_F(ProverAlone, WantsImagesThatFit) {
  auto image = std::ranges::find(package.images, "TZ", &firmware::Image::partition);
  auto& size = package.files[image->file].size;
  size = 768 * 2048 + 1;
  EXPECT_THAT(said_against(plan, package), HasSubstr("do not fit its 768 sectors"));
  size = 0;
  EXPECT_THAT(said_against(plan, package), HasSubstr("0 bytes for TZ"));
}

}  // namespace
}  // namespace modemedic::plan
