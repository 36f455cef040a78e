#include "plan/restore.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::plan {
namespace {

using testing::HasSubstr;
using Kind = Step::Kind;

/// A chip of 40 blocks of 4 sectors; block 11 is bad.
RestoreJob whole_backup() {
  return {.geometry = {2048, 4, 40},
          .pieces = {{.name = "sbl", .range = {{0}, {8}}, .runs = {{{0}, {3}}}},
                     {.name = "mibib", .range = {{8}, {8}}, .runs = {{{8}, {4}}}},
                     {.name = "efs2", .range = {{16}, {16}}, .runs = {{{16}, {8}}, {{28}, {2}}}},
                     {.name = "boot", .range = {{40}, {40}}, .runs = {{{40}, {4}}, {{48}, {32}}}}},
          .bad_blocks = {11}};
}

constexpr std::size_t sbl = 0;
constexpr std::size_t mibib = 1;
constexpr std::size_t efs2 = 2;
constexpr std::size_t boot = 3;

std::string said_against(const Plan& plan, const RestoreJob& job) {
  auto proven = prove_restore(plan, job);
  return proven ? "" : proven.error().what;
}

class RestorePlan : public testing::Test {
protected:
  RestorePlan() { EXPECT_EQ(said_against(plan, job), ""); }

  std::vector<Step>::iterator find(Kind kind, std::size_t piece) {
    return std::ranges::find_if(plan.steps, [&](const Step& s) { return s.kind == kind && s.image == piece; });
  }

  RestoreJob job = whole_backup();
  Plan plan = make_restore_plan(job).value();
};

TEST_F(RestorePlan, TakesSblOffFirstAndPutsItBackLast) {
  std::vector<std::pair<Kind, std::size_t>> order;
  for (const auto& step : plan.steps) {
    order.emplace_back(step.kind, step.image);
    EXPECT_TRUE(step.no_return) << step.what;
  }
  EXPECT_EQ(plan.steps[0].what, "erase sbl");
  EXPECT_EQ(plan.steps[1].what, "prove that it is blank: sbl");
  EXPECT_EQ(plan.steps[5].what, "restore efs2");
  EXPECT_THAT(order, testing::ElementsAre(std::pair(Kind::erase, sbl), std::pair(Kind::prove_erased, sbl),
                                          std::pair(Kind::erase, mibib), std::pair(Kind::erase, efs2),
                                          std::pair(Kind::erase, boot), std::pair(Kind::program, efs2),
                                          std::pair(Kind::program, boot), std::pair(Kind::program, mibib),
                                          std::pair(Kind::program, sbl)));
}

TEST_F(RestorePlan, WritesWhatTheModemBootsWithOnlyTogetherWithSbl) {
  for (auto piece : {boot, mibib}) {
    auto alone = job;
    alone.pieces = {job.pieces[piece]};
    auto refused = make_restore_plan(alone);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "partition");
    // Whoever makes such a plan all the same.
    alone.pieces[0].name = "efs2";
    auto made = make_restore_plan(alone).value();
    alone.pieces[0].name = job.pieces[piece].name;
    EXPECT_THAT(said_against(made, alone), HasSubstr("written while SBL stands"));
  }
  auto own = job;
  own.pieces = {job.pieces[efs2]};
  EXPECT_EQ(said_against(make_restore_plan(own).value(), own), "");
}

TEST_F(RestorePlan, IsNotProvenWithAStepLess) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    auto changed = plan;
    changed.steps.erase(changed.steps.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_NE(said_against(changed, job), "") << plan.steps[i].what;
  }
}

TEST_F(RestorePlan, ChangesNothingOnceSblIsBack) {
  auto erase = *find(Kind::erase, boot);
  auto program = *find(Kind::program, boot);
  plan.steps.push_back(erase);
  plan.steps.push_back(program);
  EXPECT_THAT(said_against(plan, job), HasSubstr("boot is erased while SBL stands"));
  plan.steps.erase(plan.steps.end() - 2);
  EXPECT_THAT(said_against(plan, job), HasSubstr("boot is written while SBL stands"));
}

TEST_F(RestorePlan, KeepsToItsPieces) {
  auto changed = plan;
  changed.steps[3].range.count.n += 4;
  EXPECT_THAT(said_against(changed, job), HasSubstr("outside its piece"));
  changed = plan;
  changed.steps[3].image = job.pieces.size();
  EXPECT_THAT(said_against(changed, job), HasSubstr("outside its piece"));
  changed = plan;
  changed.steps[1].kind = Kind::reset;
  EXPECT_THAT(said_against(changed, job), HasSubstr("a kind that a restore has not"));
}

TEST_F(RestorePlan, WantsPiecesInWholeBlocksOfTheChipThatDoNotOverlap) {
  auto with = [&](std::size_t piece, SectorRange range, std::vector<SectorRange> runs = {}) {
    auto changed = job;
    changed.pieces[piece].range = range;
    changed.pieces[piece].runs = std::move(runs);
    return said_against(make_restore_plan(changed).value(), changed);
  };
  EXPECT_THAT(with(boot, {{160}, {4}}), HasSubstr("not on the chip"));
  EXPECT_THAT(with(boot, {{156}, {8}}), HasSubstr("not on the chip"));
  EXPECT_THAT(with(boot, {{41}, {4}}), HasSubstr("whole blocks"));
  EXPECT_THAT(with(boot, {{40}, {5}}), HasSubstr("whole blocks"));
  EXPECT_THAT(with(boot, {{28}, {40}}), HasSubstr("overlap"));
  EXPECT_EQ(with(boot, {{32}, {128}}), "");
  auto chip = job;
  chip.pieces = {{.name = "efs2", .range = {{0}, {160}}, .runs = {}}};
  EXPECT_THAT(said_against(make_restore_plan(chip).value(), chip), HasSubstr("whole chip"));
}

TEST_F(RestorePlan, WantsRunsFromABlocksStartInsideThePieceAndOnGoodBlocks) {
  auto with = [&](std::vector<SectorRange> runs) {
    auto changed = job;
    changed.pieces[boot].runs = std::move(runs);
    return said_against(make_restore_plan(changed).value(), changed);
  };
  EXPECT_EQ(with({}), "");
  EXPECT_EQ(with({{{76}, {4}}}), "");
  EXPECT_THAT(with({{{76}, {5}}}), HasSubstr("not in its place"));
  EXPECT_THAT(with({{{36}, {4}}}), HasSubstr("not in its place"));
  EXPECT_THAT(with({{{41}, {1}}}), HasSubstr("not in its place"));
  EXPECT_THAT(with({{{48}, {4}}, {{40}, {4}}}), HasSubstr("not in its place"));
  EXPECT_THAT(with({{{48}, {8}}, {{52}, {4}}}), HasSubstr("not in its place"));
  EXPECT_THAT(with({{{44}, {1}}}), HasSubstr("block 11 is bad"));
  EXPECT_THAT(with({{{40}, {5}}}), HasSubstr("block 11 is bad"));
  EXPECT_THAT(with({{{~std::uint64_t{3}}, {8}}}), HasSubstr("not in its place"));
}

/// What stands on each sector, as the field's programmer would leave it: the slow and plain way.
std::string walk_sector_by_sector(const Plan& plan, const RestoreJob& job) {
  constexpr int before = -1;
  constexpr int blank = -2;
  constexpr int spoilt = -3;
  std::vector<int> chip(job.geometry.chip_sectors().n, before);
  auto state_of = [&](std::size_t piece) {
    auto has = [&](int content) {
      const auto& range = job.pieces[piece].range;
      return std::all_of(chip.begin() + static_cast<std::ptrdiff_t>(range.start.n),
                         chip.begin() + static_cast<std::ptrdiff_t>(range.end().n),
                         [&](int c) { return c == content; });
    };
    if (has(before) || has(blank)) {
      return has(before) ? before : blank;
    }
    for (const auto& run : job.pieces[piece].runs) {
      for (auto at = run.start.n; at < run.end().n; ++at) {
        if (chip[at] != static_cast<int>(piece)) {
          return spoilt;
        }
      }
    }
    return static_cast<int>(piece);
  };
  for (const auto& step : plan.steps) {
    auto sbl_stands = state_of(sbl) != blank;
    if (step.image != sbl && step.kind != Kind::prove_erased && sbl_stands) {
      return step.what + " while SBL stands";
    }
    if (step.kind == Kind::erase) {
      std::fill_n(chip.begin() + static_cast<std::ptrdiff_t>(step.range.start.n), step.range.count.n, blank);
    }
    if (step.kind == Kind::program) {
      for (const auto& run : job.pieces[step.image].runs) {
        for (auto at = run.start.n; at < run.end().n; ++at) {
          chip[at] = chip[at] == blank ? static_cast<int>(step.image) : spoilt;
        }
      }
    }
  }
  for (std::size_t i = 0; i < job.pieces.size(); ++i) {
    if (state_of(i) != static_cast<int>(i)) {
      return job.pieces[i].name + " does not end as it was";
    }
  }
  return "";
}

TEST_F(RestorePlan, IsNeverProvenInAnOrderThatWouldGoWrong) {
  ASSERT_EQ(walk_sector_by_sector(plan, job), "");
  std::mt19937_64 random(1);
  auto still_right = 0;
  for (int i = 0; i < 20000; ++i) {
    auto changed = plan;
    auto& steps = changed.steps;
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      auto at = steps.begin() + static_cast<std::ptrdiff_t>(random() % steps.size());
      auto other = steps.begin() + static_cast<std::ptrdiff_t>(random() % steps.size());
      if (random() % 3 == 0) {
        auto copy = *at;
        steps.insert(other, copy);
      } else if (random() % 3 == 0) {  // a piece once more
        auto piece = at->image;
        steps.push_back(*find(Kind::erase, piece));
        steps.push_back(*find(Kind::program, piece));
      } else {
        std::swap(*at, *other);
      }
    }
    if (said_against(changed, job).empty()) {
      ++still_right;
      ASSERT_EQ(walk_sector_by_sector(changed, job), "") << i;
    }
  }
  EXPECT_GT(still_right, 500);
}

}  // namespace
}  // namespace modemedic::plan
