#include "plan/streaming_plan.h"

#include "base/units.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

namespace modemedic::plan {
namespace {

using testing::HasSubstr;

constexpr const char* all[] = {"SBL1", "SBL2",     "RPM",    "APPSBL",   "dsp1",       "dsp2",
                               "dsp3", "recovery", "system", "userdata", "recoveryfs", "boot"};

firmware::Package package() {
  firmware::Package made;
  made.kind = firmware::PackageKind::streaming;
  made.chip = "9x15";
  for (const auto* name : all) {
    firmware::PackageFile file;
    file.path = name;
    file.size = 1000;
    made.images.push_back({made.files.size(), name, {}, 0, ""});
    made.files.push_back(file);
  }
  made.user_table.push_back({.name = "MIBIB", .size = 1});
  return made;
}

/// For a 9x07, which may go otherwise than by Firehose, too.
firmware::Package package_9x07() {
  firmware::Package made;
  made.chip = "9x07";
  for (const auto* name : {"SBL", "MIBIB", "TZ", "RPM", "aboot", "boot", "recovery", "modem", "recoveryfs", "system"}) {
    firmware::PackageFile file;
    file.path = name;
    file.size = 1000;
    made.images.push_back({made.files.size(), name, {{made.files.size() * 64}, {64}}, 0, ""});
    made.files.push_back(file);
  }
  made.user_table.push_back({.name = "SBL", .size = 1});
  return made;
}

struct Way {
  firmware::Package package;
  Method method;

  std::string name() const { return package.chip + " by " + std::string(plan::name(method)); }
};

std::vector<Way> all_ways() {
  return {{package(), Method::fastboot},
          {package(), Method::download},
          {package_9x07(), Method::fastboot},
          {package_9x07(), Method::download}};
}

std::set<std::string> written(const Plan& plan, Step::Kind kind) {
  std::set<std::string> names;
  for (const auto& step : plan.steps) {
    if (step.kind == kind) {
      names.insert(step.name);
    }
  }
  return names;
}

TEST(StreamingPlan, GoesByFastbootUnlessAskedAndThenTouchesNoTable) {
  auto plan = make_plan(package());
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->method, Method::fastboot);
  EXPECT_TRUE(std::ranges::none_of(plan->steps, &Step::may_wipe));
  EXPECT_EQ(written(*plan, Step::Kind::flash),
            (std::set<std::string>{"system", "userdata", "recoveryfs", "dsp1", "dsp2", "dsp3", "recovery", "boot"}))
      << "while a part of the boot loader is torn, some modems show nothing on USB";
  EXPECT_EQ(plan->steps[1].kind, Step::Kind::flash_erase);
  EXPECT_EQ(plan->steps[1].name, "boot") << "without it every power-on ends in fastboot";
  EXPECT_EQ((plan->steps.end() - 3)->name, "boot");
  EXPECT_TRUE(prove_plan(*plan, package()));
}

TEST(StreamingPlan, SaysThatTheTableMayWipeAndStreamsTheBootLoaderOnly) {
  auto plan = make_plan(package(), {}, Method::download);
  ASSERT_TRUE(plan);
  EXPECT_EQ(std::ranges::count_if(plan->steps, &Step::may_wipe), 1);
  EXPECT_EQ(written(*plan, Step::Kind::stream), (std::set<std::string>{"SBL1", "SBL2", "RPM", "APPSBL"}));
  EXPECT_EQ(written(*plan, Step::Kind::flash).size(), 8U);
  EXPECT_EQ(written(*plan, Step::Kind::stream_erase), (std::set<std::string>{"boot", "SBL1"}));
  auto streamed = std::ranges::find(plan->steps, Step::Kind::leave_loader, &Step::kind);
  EXPECT_EQ((streamed - 1)->name, "SBL1") << "while it is gone the boot ROM waits in download mode";
  EXPECT_TRUE(prove_plan(*plan, package()));
}

/// A step left out, doubled, swapped with the next, or lying about what it may erase: none of these is proven.
TEST(StreamingPlan, ProvesNoPlanThatWasMeddledWith) {
  for (const auto& way : all_ways()) {
    const auto right = *make_plan(way.package, {}, way.method);
    ASSERT_TRUE(prove_plan(right, way.package)) << way.name();
    for (std::size_t i = 0; i < right.steps.size(); ++i) {
      auto at = static_cast<std::ptrdiff_t>(i);
      auto less = right;
      less.steps.erase(less.steps.begin() + at);
      EXPECT_FALSE(prove_plan(less, way.package)) << way.name() << " without step " << i + 1;
      auto more = right;
      if (right.steps[i].kind != Step::Kind::prove) {
        more.steps.insert(more.steps.begin() + at, right.steps[i]);
        EXPECT_FALSE(prove_plan(more, way.package)) << way.name() << " with step " << i + 1 << " twice";
      }
      auto liar = right;
      liar.steps[i].may_wipe = !liar.steps[i].may_wipe;
      EXPECT_FALSE(prove_plan(liar, way.package)) << way.name() << " step " << i + 1 << " lies";
      liar = right;
      liar.steps[i].no_return = !liar.steps[i].no_return;
      EXPECT_FALSE(prove_plan(liar, way.package));
    }
  }
}

TEST(StreamingPlan, ProvesNothingThatWritesWhatIsTheModulesOwn) {
  for (const auto* own : {"EFS2", "MIBIB", "misc", "sys_rev", "RPM"}) {
    auto plan = *make_plan(package());
    auto step = std::ranges::find(plan.steps, Step::Kind::flash, &Step::kind);
    step->name = own;
    auto meddled = package();
    meddled.images[step->image].partition = own;
    EXPECT_FALSE(prove_plan(plan, meddled)) << own;
  }
}

/// Whatever order: a cut must never leave a kernel or a boot loader that starts what is not of one piece.
TEST(StreamingPlan, ProvesNoOtherOrderOfWhatStartsTheModem) {
  for (const auto& way : all_ways()) {
    const auto right = *make_plan(way.package, {}, way.method);
    auto steps = static_cast<std::ptrdiff_t>(right.steps.size());
    for (std::ptrdiff_t from = 0; from < steps; ++from) {
      for (std::ptrdiff_t to = 0; to < steps; ++to) {
        auto moved = right;
        auto step = moved.steps[static_cast<std::size_t>(from)];
        moved.steps.erase(moved.steps.begin() + from);
        moved.steps.insert(moved.steps.begin() + to, step);
        auto starts = step.name == "boot" || step.name == "SBL1" || step.name == "SBL";
        if (from == to || !starts) {
          continue;
        }
        auto same_order = [&](Step::Kind kind) { return written(moved, kind) == written(right, kind); };
        EXPECT_TRUE(same_order(step.kind));
        auto proven = prove_plan(moved, way.package);
        // Which of the two goes first, of those that are erased before anything is streamed.
        // Or when a 9x07's kernel is, while the boot ROM finds no SBL.
        auto harmless = way.method == Method::download &&
                        (step.kind == Step::Kind::stream_erase || (way.package.chip == "9x07" && step.name == "boot"));
        EXPECT_TRUE(!proven || harmless) << way.name() << ": " << step.what << " from " << from + 1 << " to " << to + 1;
      }
    }
  }
}

/// Neither way may renew a 9x07's table, and fastboot not its boot loader.
TEST(StreamingPlan, WritesOfA9x07WhatEachWayMay) {
  auto fastboot = *make_plan(package_9x07(), {}, Method::fastboot);
  EXPECT_EQ(written(fastboot, Step::Kind::flash),
            (std::set<std::string>{"boot", "recovery", "modem", "recoveryfs", "system"}));
  auto download = *make_plan(package_9x07(), {}, Method::download);
  EXPECT_EQ(written(download, Step::Kind::stream),
            (std::set<std::string>{"SBL", "TZ", "RPM", "aboot", "boot", "recovery", "modem", "recoveryfs", "system"}));
  EXPECT_TRUE(std::ranges::none_of(download.steps, &Step::may_wipe)) << "its loader erases nothing for a table";

  for (const auto* own : {"EFS2", "sec", "misc", "RAWDATA"}) {
    auto with = package_9x07();
    with.images.back().partition = own;
    for (auto method : {Method::fastboot, Method::download}) {
      EXPECT_EQ(make_plan(with, {}, method).error().rule, "method") << own;
    }
  }
  auto erasing = package_9x07();
  firmware::RawCommand alone;
  alone.kind = firmware::RawCommand::Kind::erase;
  alone.range = {{5000}, {64}};
  erasing.commands.push_back(alone);
  EXPECT_EQ(make_plan(erasing, {}, Method::download).error().rule, "method");
  auto part = package_9x07();
  part.images.erase(part.images.begin() + 2);
  EXPECT_EQ(make_plan(part, {}, Method::download).error().rule, "method") << "no TZ";
}

TEST(StreamingPlan, ProvesNoFastbootThatOpensTheBootLoader) {
  for (const auto* loader : {"SBL1", "SBL2", "RPM", "APPSBL"}) {
    auto meddled = *make_plan(package());
    auto first = std::ranges::find(meddled.steps, Step::Kind::flash, &Step::kind);
    auto step = *first;
    const auto images = package().images;
    step.name = loader;
    step.image =
        static_cast<std::size_t>(std::ranges::find(images, loader, &firmware::Image::partition) - images.begin());
    meddled.steps.insert(first, step);
    auto proven = prove_plan(meddled, package());
    ASSERT_FALSE(proven) << loader;
    EXPECT_EQ(proven.error().code, Code::plan_unproven);
  }
}

TEST(StreamingPlan, RefusesFirehoseAndOtherChipsAndMissingImages) {
  auto plan = make_plan(package(), {}, Method::firehose);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().rule, "method");

  auto other = package();
  other.chip = "sdx55";
  EXPECT_EQ(make_plan(other).error().rule, "method");

  for (std::size_t i = 0; i < std::size(all); ++i) {
    auto cut = package();
    cut.images.erase(cut.images.begin() + static_cast<std::ptrdiff_t>(i));
    auto none = make_plan(cut, {}, Method::download);
    ASSERT_FALSE(none) << all[i];
    EXPECT_THAT(none.error().what, HasSubstr(all[i]));
  }

  auto without_table = package();
  without_table.user_table.clear();
  EXPECT_TRUE(make_plan(without_table));
  EXPECT_FALSE(make_plan(without_table, {}, Method::download));

  auto own = package();
  own.images.front().partition = "EFS2";
  EXPECT_EQ(make_plan(own).error().rule, "partition");
}

}  // namespace
}  // namespace modemedic::plan
