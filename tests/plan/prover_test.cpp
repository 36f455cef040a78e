#include "plan/package_builder.h"
#include "plan/plan.h"
#include "plan/reference_chip.h"

#include <algorithm>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::plan {
namespace {

Plan good_plan(const firmware::Package& package) {
  auto plan = make_plan(package);
  EXPECT_TRUE(plan) << plan.error().what;
  return *plan;
}

/// Not proven, and the sentence holds all these words.
void expect_unproven(Plan plan, const firmware::Package& package, const std::vector<std::string>& words) {
  auto proven = prove_plan(std::move(plan), package);
  ASSERT_FALSE(proven);
  EXPECT_EQ(proven.error().code, Code::plan_unproven);
  for (const auto& word : words) {
    EXPECT_THAT(proven.error().what, testing::HasSubstr(word));
  }
  EXPECT_FALSE(proven.error().hint.empty());
}

std::size_t index_of(const Plan& plan, Step::Kind kind, const std::string& name) {
  auto step = std::find_if(plan.steps.begin(), plan.steps.end(),
                           [&](const Step& s) { return s.kind == kind && s.name == name; });
  return static_cast<std::size_t>(step - plan.steps.begin());
}

TEST(Prover, ProvesThePlanOfTheRealTrapOrder) {
  auto package = eg25_in_trap_order().package();
  auto proven = prove_plan(good_plan(package), package);
  ASSERT_TRUE(proven) << proven.error().what;
  EXPECT_EQ(proven->plan().steps.size(), good_plan(package).steps.size());
}

TEST(Prover, SaysWhatIsWrongWithDocumentOrder) {
  auto package = eg25_in_trap_order().package();
  expect_unproven(document_order(package), package,
                  {"step 5 (program SBL)", "sector 0 is programmed without having been erased"});
}

TEST(Prover, SeesTheBootChainErasedBehindItsProgram) {
  auto package = eg25_in_trap_order().package();
  auto plan = good_plan(package);
  auto from = index_of(plan, Step::Kind::erase, "TZ");
  auto erase_tz = plan.steps[from];
  plan.steps.insert(plan.steps.begin() + static_cast<std::ptrdiff_t>(index_of(plan, Step::Kind::program, "SBL")),
                    erase_tz);
  expect_unproven(plan, package, {"(program SBL with", "sector 13184 does not hold TZ"});
}

TEST(Prover, WantsSblErasedFirst) {
  auto package = eg25_in_trap_order().package();
  auto plan = good_plan(package);
  std::swap(plan.steps[4], plan.steps[6]);
  std::swap(plan.steps[5], plan.steps[6]);
  expect_unproven(plan, package, {"step 5", "while SBL is still there"});
}

TEST(Prover, WantsSblsEraseProven) {
  auto package = eg25_in_trap_order().package();
  auto plan = good_plan(package);
  plan.steps.erase(plan.steps.begin() + 5);
  expect_unproven(plan, package, {"step 6", "proven by reading it back"});
}

TEST(Prover, WantsSblProgrammedLast) {
  auto package = eg25_in_trap_order().package();
  auto plan = good_plan(package);
  std::swap(plan.steps[index_of(plan, Step::Kind::program, "SBL")],
            plan.steps[index_of(plan, Step::Kind::program, "MIBIB")]);
  expect_unproven(plan, package, {"program SBL", "sector 640 does not hold MIBIB"});
}

TEST(Prover, WantsTheChipAskedBeforeItIsErased) {
  auto package = eg25_in_trap_order().package();
  auto plan = good_plan(package);
  plan.steps.erase(plan.steps.begin() + 3);
  expect_unproven(plan, package, {"step 4", "asked for its geometry"});
}

TEST(Prover, WantsTheModemToProveItself) {
  auto package = eg25_in_trap_order().package();
  auto plan = good_plan(package);
  plan.steps.pop_back();
  expect_unproven(plan, package, {"asked to prove itself"});
  plan.steps.pop_back();
  expect_unproven(plan, package, {"asked to prove itself"});
}

TEST(Prover, WantsTheTruthAboutThePointOfNoReturn) {
  auto package = eg25_in_trap_order().package();
  auto plan = good_plan(package);
  plan.steps[4].no_return = false;
  expect_unproven(plan, package, {"says that the old firmware is still there"});
}

TEST(Prover, WantsAVendorsEraseSentAsItIs) {
  PackageBuilder builder = eg25_in_trap_order();
  builder.erase(SectorRange{{62336}, {30720}}, {{"vendor", "quectel"}});
  auto plan = good_plan(builder.package());
  EXPECT_TRUE(prove_plan(plan, builder.package()));
  auto guarded = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    return step.kind == Step::Kind::erase && step.command == builder.package().commands.size() - 1;
  });
  ASSERT_NE(guarded, plan.steps.end());
  plan.steps.erase(guarded);
  expect_unproven(plan, builder.package(), {"the vendor's own erase"});
}

TEST(Prover, WantsRangesThatTheTableOfThePackageHas) {
  auto builder = eg25_in_trap_order();
  auto plan = good_plan(builder.package());
  builder.package().table[5].range.start = {13120};  // TZ in the MIBIB is not where the rawprogram file has it
  expect_unproven(plan, builder.package(), {"MIBIB", "TZ"});
}

/// A random package on a chip of at most 40 blocks of 4 sectors.
PackageBuilder random_package(std::mt19937_64& random) {
  auto up_to = [&](std::uint64_t n) { return random() % n; };
  constexpr std::uint64_t block = 4;
  firmware::PartitionTable table;
  Sectors at{};
  auto add = [&](const std::string& name, std::uint64_t blocks) {
    table.push_back({name, {at, {blocks * block}}});
    at += {blocks * block};
  };
  add(random() % 2 == 0 ? "SBL" : "sbl", 1 + up_to(3));
  std::vector<std::string> plain;
  std::vector<std::string> others{"MIBIB", "EFS2", "misc"};
  for (std::uint64_t i = 0, count = 1 + up_to(6); i < count; ++i) {
    plain.push_back("part" + std::to_string(i));
    others.push_back(plain.back());
  }
  std::shuffle(others.begin(), others.end(), random);
  for (const auto& name : others) {
    add(name, 1 + up_to(4));
    at += {block * up_to(2)};  // a gap that no partition names
  }
  PackageBuilder builder({2048, block, 48}, table);
  plain.emplace_back("MIBIB");
  plain.push_back(table[0].name);
  std::shuffle(plain.begin(), plain.end(), random);
  for (const auto& name : plain) {
    auto range = std::find_if(table.begin(), table.end(), [&](const auto& p) { return p.name == name; })->range;
    auto needed = name == "MIBIB" || name == table[0].name;
    if (up_to(2) == 0) {
      builder.erase(name);
    }
    if (needed || up_to(4) != 0) {
      builder.program(name, "file" + std::to_string(random()), 1 + up_to(range.count.n * 2048));
    }
    if (up_to(3) == 0) {
      builder.erase(name);
    }
  }
  if (up_to(4) == 0) {
    builder.erase(table[0].range, {{"vendor", "quectel"}});
  }
  return builder;
}

TEST(Prover, ProvesEveryPlanOfThePlannerAndTheSectorsAgree) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 500; ++i) {
    auto builder = random_package(random);
    auto plan = good_plan(builder.package());
    auto proven = prove_plan(plan, builder.package());
    ASSERT_TRUE(proven) << proven.error().what;
    ASSERT_EQ(walk_sector_by_sector(plan, builder.package()), "");
  }
}

/// Any images but SBL.
Standing random_standing(const firmware::Package& package, std::mt19937_64& random) {
  Standing standing;
  for (std::size_t i = 0; i < package.images.size(); ++i) {
    if (package.images[i].range.start.n != 0 && random() % 2 == 0) {
      standing.insert(i);
    }
  }
  return standing;
}

TEST(Prover, ProvesThePlanThatGoesOnFromWhatStands) {
  std::mt19937_64 random(4);
  std::size_t spared = 0;
  for (int i = 0; i < 500; ++i) {
    auto builder = random_package(random);
    const auto& package = builder.package();
    auto standing = random_standing(package, random);
    auto plan = make_plan(package, standing);
    ASSERT_TRUE(plan);
    auto proven = prove_plan(*plan, package, standing);
    ASSERT_TRUE(proven) << proven.error().what;
    ASSERT_EQ(walk_sector_by_sector(*plan, package, standing), "");
    spared += good_plan(package).steps.size() - plan->steps.size();
    if (plan->steps.size() < good_plan(package).steps.size()) {
      ASSERT_FALSE(prove_plan(*plan, package)) << "without what stands the plan lacks steps";
    }
  }
  EXPECT_GT(spared, 500U);
}

TEST(Prover, DoesNotBelieveThatSblStands) {
  auto package = eg25_in_trap_order().package();
  auto sbl = std::find_if(package.images.begin(), package.images.end(),
                          [](const firmware::Image& image) { return image.range.start.n == 0; });
  Standing standing{static_cast<std::size_t>(sbl - package.images.begin())};
  EXPECT_FALSE(prove_plan(good_plan(package), package, standing));
  auto plan = make_plan(package, standing);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->steps.size(), good_plan(package).steps.size()) << "SBL is written whatever is said of it";
  EXPECT_FALSE(prove_plan(good_plan(package), package, {package.images.size()})) << "no such image";
}

/// One random change of a plan; its name.
std::string mutate(Plan& plan, std::mt19937_64& random, const firmware::Package& package) {
  auto& steps = plan.steps;
  auto any = [&] { return random() % steps.size(); };
  auto at = [&](std::size_t i) { return steps.begin() + static_cast<std::ptrdiff_t>(i); };
  auto& step = steps[any()];
  switch (random() % 8) {
    case 0:
      std::swap(steps[any()], steps[any()]);
      return "swap";
    case 1:
      steps.erase(at(any()));
      return "drop";
    case 2: {
      auto copy = steps[any()];
      steps.insert(at(any()), copy);
      return "duplicate";
    }
    case 3:
      step.range.start.n += random() % 2 == 0 ? 4 : ~std::uint64_t{3};
      return "shift";
    case 4:
      step.range.count.n += random() % 2 == 0 ? 4 : ~std::uint64_t{0};
      return "resize";
    case 5:
      step.image = random() % (package.images.size() + 1);
      return "image";
    case 6:
      step.command = random() % (package.commands.size() + 1);
      return "command";
    default:
      std::shuffle(steps.begin(), steps.end(), random);
      return "shuffle";
  }
}

TEST(Prover, NeverProvesAChangedPlanThatWouldGoWrong) {
  std::mt19937_64 random(2);
  std::map<std::string, int> caught;
  auto still_right = 0;
  for (int i = 0; i < 20000; ++i) {
    auto builder = random_package(random);
    auto plan = good_plan(builder.package());
    auto change = mutate(plan, random, builder.package());
    auto proven = prove_plan(plan, builder.package());
    if (proven) {
      ++still_right;
      ASSERT_EQ(walk_sector_by_sector(plan, builder.package()), "") << change;
    } else {
      ++caught[change];
    }
  }
  EXPECT_GT(still_right, 1000);  // swapping two erases is fine, for one
  for (const auto* change : {"swap", "drop", "duplicate", "shift", "resize", "image", "command", "shuffle"}) {
    EXPECT_GT(caught[change], 50) << change;
  }
}

TEST(Prover, NeverProvesAChangedPlanThatGoesOnWrongly) {
  std::mt19937_64 random(5);
  auto still_right = 0;
  for (int i = 0; i < 5000; ++i) {
    auto builder = random_package(random);
    const auto& package = builder.package();
    auto standing = random_standing(package, random);
    auto plan = *make_plan(package, standing);
    if (random() % 2 == 0) {
      mutate(plan, random, package);
    }
    auto other = random() % 2 == 0 ? standing : random_standing(package, random);
    if (prove_plan(plan, package, other)) {
      ++still_right;
      ASSERT_EQ(walk_sector_by_sector(plan, package, other), "");
    }
  }
  EXPECT_GT(still_right, 2000);
}

TEST(Prover, LetsNoDocumentOrderPassThatWouldGoWrong) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 2000; ++i) {
    auto builder = random_package(random);
    auto plan = document_order(builder.package());
    if (prove_plan(plan, builder.package())) {
      ASSERT_EQ(walk_sector_by_sector(plan, builder.package()), "");
    }
  }
}

}  // namespace
}  // namespace modemedic::plan
