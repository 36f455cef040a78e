#include "support/command.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

/// `rescue`: a modem that is stuck is brought back, by no more than it takes.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr auto newer = "EG25GGBR07A08M2G_30.006.30.006";

class Rescue : public testing::Test {
protected:
  void make_package() {
    EXPECT_EQ(run({"virtual", "package", "eg25-g", package, "--revision", newer, "--small"}).exit, 0);
  }

  Ended rescue(const Serve& serve, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"--bus", serve.bus(), "--data", data, "rescue"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  Ended flash(const Serve& serve) const {
    return run({"--bus", serve.bus(), "--data", data, "flash", package, "--yes"});
  }

  TempDir dir;
  std::string package = dir / "fw";
  std::string data = dir / "data";
};

TEST_F(Rescue, LeavesAModemAloneThatIsWell) {
  Serve serve({"eg25-g"});
  auto done = rescue(serve);
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("nothing to rescue"), HasSubstr("nothing was changed")));
  EXPECT_FALSE(serve.has_said("1-1 eg25-g: edl"));
}

TEST_F(Rescue, BringsAModemBackFromAnyModeThatAResetLeaves) {
  for (const auto* mode : {"edl", "dump", "download", "fastboot"}) {
    Serve serve({std::string("eg25-g:") + mode});
    auto done = rescue(serve, {"--json"});
    EXPECT_EQ(done.exit, 0) << mode << ": " << done.err;
    EXPECT_THAT(done.out,
                AllOf(HasSubstr("\"tried\":[{"), HasSubstr("the gentlest first"), HasSubstr("\"result\":\"ok\"")))
        << mode;
  }
}

TEST_F(Rescue, GetsThroughToABootRomWhoseHelloWasEaten) {
  Serve serve({"eg25-g:edl", "--fault", "lost-hello"});
  auto done = rescue(serve);
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("rescued"));
}

/// With the power cut in the middle: no package is named, the journal knows it.
TEST_F(Rescue, GoesOnWithTheFlashThatWasCutByItself) {
  make_package();
  {
    Serve serve({"eg25-g", "--state", dir / "chip", "--fault", "cut@2000000"});
    EXPECT_EQ(flash(serve).exit, 6);
  }
  Serve serve({"eg25-g", "--state", dir / "chip"});
  auto nobody_asked = rescue(serve);
  EXPECT_EQ(nobody_asked.exit, 2) << "a script must say --yes";
  EXPECT_THAT(nobody_asked.err, AllOf(HasSubstr("--yes"), HasSubstr("which is still the same")));
  auto done = rescue(serve, {"--yes"});
  ASSERT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("done and proven"), HasSubstr("stood already"), HasSubstr("as before")));
}

TEST_F(Rescue, DoesNotTakeAPackageThatIsAnotherOneByNow) {
  make_package();
  {
    Serve serve({"eg25-g", "--state", dir / "chip", "--fault", "cut@2000000"});
    EXPECT_EQ(flash(serve).exit, 6);
  }
  std::filesystem::remove_all(package);
  ASSERT_EQ(
      run({"virtual", "package", "eg25-g", package, "--revision", "EG25GGBR07A07M2G_30.004.30.004", "--small"}).exit,
      0);
  Serve serve({"eg25-g", "--state", dir / "chip"});
  auto changed = rescue(serve, {"--yes"});
  EXPECT_EQ(changed.exit, 4) << changed.err;
  EXPECT_THAT(changed.err, AllOf(HasSubstr("not what it was then"), HasSubstr("modemedic rescue PACKAGE"),
                                 HasSubstr("one for EG25GGB")));
  std::filesystem::remove_all(package);
  auto gone = rescue(serve, {"--yes"});
  EXPECT_EQ(gone.exit, 4) << gone.err;
  EXPECT_THAT(gone.err, AllOf(HasSubstr("can't be used"), HasSubstr(package)));
}

/// Story 3: an updater put it into EDL and found no firmware then.
TEST_F(Rescue, BringsBackAModemThatAnUpdaterHasLeftInEdl) {
  Serve serve({"eg25-g"});
  ASSERT_EQ(run({"--bus", serve.bus(), "--data", data, "mode", "edl"}).exit, 0);
  auto done = rescue(serve);
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("rescued"));
}

/// Story 5: nothing on it boots, and nobody knows which modem it is.
TEST_F(Rescue, StopsWhereNobodyKnowsWhichModemItIs) {
  make_package();
  Serve serve({"eg25-g", "--blank"});
  auto without = rescue(serve);
  EXPECT_EQ(without.exit, 4) << without.err;
  EXPECT_THAT(without.err, HasSubstr("modemedic rescue PACKAGE"));
  auto with = rescue(serve, {package, "--yes"});
  EXPECT_EQ(with.exit, 4) << with.err;
  EXPECT_THAT(with.err, AllOf(HasSubstr("rule unknown"), HasSubstr("--override unknown")));
}

/// A flash whose host dies at once, with real timing: the programmer it leaves waits for the rest of an image.
TEST_F(Rescue, GoesOnWhereAHostThatDiedHasLeftItsProgrammer) {
  make_package();
  Serve serve({"eg25-g:edl", "--real-timing"});
  ASSERT_TRUE(serve.wait_for("1-1 eg25-g: edl")) << serve.said();
  {
    Background job({"--bus", serve.bus(), "--data", data, "flash", package, "--yes", "--override", "unknown"});
    ASSERT_TRUE(job.wait_for("] program ")) << job.said();
    job.kill();
  }
  auto done = rescue(serve, {"--yes", "--override", "unknown"});
  ASSERT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("which is still the same"));
  EXPECT_THAT(done.out, HasSubstr("done and proven"));
}

TEST_F(Rescue, ReadsBackWhatItHasFlashedWhenAsked) {
  make_package();
  Serve serve({"eg25-g:edl"});
  auto done = rescue(serve, {package, "--flash", "--yes", "--verify", "read", "--override", "unknown"});
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("read back and compared, byte for byte: "));
  EXPECT_EQ(rescue(serve, {package, "--verify", "hope"}).exit, 2);
}

TEST_F(Rescue, WantsAPackageForWhatOnlyAPackageCanDo) {
  Serve serve({"eg25-g"});
  EXPECT_EQ(rescue(serve, {"--flash"}).exit, 2);
}

}  // namespace
}  // namespace modemedic::tests
