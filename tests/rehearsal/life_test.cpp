#include "rehearsal/life.h"

#include "support/twin_bench.h"

#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::rehearsal {
namespace {

/// A persona with its package and plan, for many lives.
class Stage {
public:
  explicit Stage(const std::string& id) : Stage(id, *test::newer_package(id), twin::Scale::small) {}

  Stage(const std::string& id, const firmware::Package& package, twin::Scale scale)
      : persona_(test::must(twin::find_persona(id))),
        package_(package),
        plan_(test::must(plan::prove_plan(test::must(plan::make_plan(package_)), package_))),
        scene_{persona_, package_, plan_, test::revision(persona_.revision), scale},
        size_(test::must(measure(scene_))) {}

  const Scene& scene() const { return scene_; }

  const FlashSize& size() const { return size_; }

  std::uint64_t messages() const { return size_.messages; }

private:
  twin::Persona persona_;
  const firmware::Package& package_;
  plan::ProvenPlan plan_;
  Scene scene_;
  FlashSize size_;
};

std::string story(const Life& life) {
  std::string text = fmt::format("seed {}\n", life.seed);
  for (const auto& attempt : life.attempts) {
    text += fmt::format("  {}: {} -> {} [{}]\n", attempt.command,
                        attempt.mishap.empty() ? "nothing goes wrong" : attempt.mishap, attempt.result, attempt.left);
  }
  for (const auto& promise : life.broken) {
    text += "  BROKEN: " + promise + "\n";
  }
  return text;
}

/// How many lives: more of them in a campaign than in a test run.
std::uint64_t lives(std::uint64_t usual) {
  const auto* asked = std::getenv("MODEMEDIC_LIVES");
  return asked == nullptr ? usual : std::strtoull(asked, nullptr, 10);
}

/// A persona, and which fifth of the lives: so that they can be lived side by side.
class Lives : public testing::TestWithParam<std::tuple<std::string, std::uint64_t>> {
protected:
  static constexpr std::uint64_t shares = 5;

  Stage stage{std::get<0>(GetParam())};
  std::uint64_t share = std::get<1>(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Personas, Lives,
                         testing::Combine(testing::Values("eg25-g", "ec25-e", "eg25-g-p4k", "ec20"),
                                          testing::Range<std::uint64_t>(0, 5)),
                         [](const auto& value) {
                           auto name = std::get<0>(value.param);
                           std::ranges::replace(name, '-', '_');
                           return fmt::format("{}_{}", name, std::get<1>(value.param));
                         });

TEST_P(Lives, AllEndWellWhateverGoesWrong) {
  for (auto seed = 1 + share; seed <= lives(170); seed += shares) {
    auto life = live(stage.scene(), seed, stage.size());
    EXPECT_THAT(life.broken, testing::IsEmpty()) << story(life);
  }
}

TEST_P(Lives, SurviveACutAtEveryMessage) {
  auto step = 1 + stage.messages() / lives(200);
  for (auto at = share * step; at < stage.messages(); at += shares * step) {
    auto life = live(stage.scene(), at, {{Mishap::Kind::power_cut, at, 0, {}}});
    EXPECT_THAT(life.broken, testing::IsEmpty()) << story(life);
  }
}

/// With images as large as the vendor's: a few of them, a hundredth of a campaign's.
TEST(FullSizeLives, EndWellToo) {
  auto persona = test::must(twin::find_persona("eg25-g"));
  test::BenchPackage package(persona, test::newer_revision("eg25-g"), twin::Scale::real);
  Stage stage("eg25-g", *package, twin::Scale::real);
  for (std::uint64_t seed = 1; seed <= 1 + lives(0) / 100; ++seed) {
    auto life = live(stage.scene(), seed, stage.size());
    EXPECT_THAT(life.broken, testing::IsEmpty()) << story(life);
  }
}

TEST(Life, IsTheSameForTheSameSeed) {
  Stage stage("eg25-g");
  for (std::uint64_t seed : {3U, 14U, 15U}) {
    EXPECT_EQ(story(live(stage.scene(), seed, stage.size())), story(live(stage.scene(), seed, stage.size())));
  }
}

TEST(Life, TellsAPromiseThatIsBroken) {
  Stage stage("eg25-g");
  std::vector<Mishap> endless(20, {Mishap::Kind::power_cut, stage.messages() / 2, 0, {}});
  auto life = live(stage.scene(), 1, endless);
  EXPECT_THAT(life.broken, testing::Contains(testing::HasSubstr("not done after")));
}

}  // namespace
}  // namespace modemedic::rehearsal
