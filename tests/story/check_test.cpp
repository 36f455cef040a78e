#include "support/command.h"
#include "support/tool.h"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>

/// `check`, and the gate that every flash goes through: may this modem take this package?
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Check : public testing::Test {
protected:
  std::string package(const std::string& persona, const std::string& revision) {
    auto path = dir / revision;
    EXPECT_EQ(run({"virtual", "package", persona, path, "--small", "--revision", revision}).exit, 0);
    return path;
  }

  /// A command with a memory of its own.
  Ended remembering(std::vector<std::string> words) {
    words.insert(words.begin(), {"--data", dir / "data"});
    return run(words);
  }

  /// What the latest job wrote down.
  std::string newest_journal() {
    std::vector<std::filesystem::path> journals;
    for (const auto& file : std::filesystem::directory_iterator(dir / "data/journal")) {
      journals.push_back(file.path());
    }
    return test::text_of(std::ranges::max(journals).string());
  }

  TempDir dir;
};

/// Story 5: "the upgrade tool should avoid such dangerous actions: it can ask the device itself."
TEST_F(Check, RefusesTheWayThatKilledAModemBeforeAnythingIsSent) {
  auto deadly = package("ec25-e", "EC25EFAR08A01M4G_01.001.01.001");
  Serve serve({"ec25-e", "--revision", "EC25EFAR06A17M4G_20.200.20.200"});
  auto check = remembering({"--bus", serve.bus(), "check", deadly});
  EXPECT_EQ(check.exit, 4);
  EXPECT_THAT(check.out, AllOf(HasSubstr("refuse   r06-r08"), HasSubstr("vendor staff"), HasSubstr("44652"),
                               HasSubstr("from EC25EFAR06A17M4G_20.200.20.200: EC25EFAR06Axx _20.2xx only")));
  auto flash =
      remembering({"--bus", serve.bus(), "flash", deadly, "--yes", "--override", "r06-r08", "--override", "baseline"});
  EXPECT_EQ(flash.exit, 4);
  EXPECT_THAT(flash.err, AllOf(HasSubstr("r06-r08"), HasSubstr("EC25EFAR06Axx _20.2xx only"),
                               HasSubstr("nothing lifts this rule"), HasSubstr("nothing was sent")));
  EXPECT_FALSE(serve.has_said("edl"));

  auto right = package("ec25-e", "EC25EFAR06A18M4G_20.204.20.204");
  auto allowed = remembering({"--bus", serve.bus(), "check", right});
  EXPECT_EQ(allowed.exit, 0) << allowed.out;
  EXPECT_THAT(allowed.out, HasSubstr("allow    r06-20.2xx"));
  EXPECT_EQ(remembering({"--bus", serve.bus(), "flash", right, "--yes"}).exit, 0);
}

/// And back: the second half of the story.
TEST_F(Check, RefusesTheWayBackToo) {
  auto back = package("ec25-e", "EC25EFAR06A17M4G_20.200.20.200");
  auto check = run({"check", back, "--revision", "EC25EFAR08A01M4G_01.001.01.001"});
  EXPECT_EQ(check.exit, 4);
  EXPECT_THAT(check.out, HasSubstr("refuse   r06-r08"));
}

/// Story 5, its other end: a modem in EDL that nobody knows.
TEST_F(Check, StopsForAModemInEdlThatNobodyKnowsAndSaysWhy) {
  auto fw = package("eg25-g", "EG25GGBR07A08M2G_30.006.30.006");
  Serve serve({"eg25-g:edl"});
  auto check = remembering({"--bus", serve.bus(), "--json", "check", fw});
  EXPECT_EQ(check.exit, 4);
  EXPECT_THAT(check.out, AllOf(HasSubstr("\"answer\":\"unknown\""), HasSubstr("in EDL no revision can be read"),
                               HasSubstr("\"undecided\":[\"order-code\"")));
}

/// One that was asked before its switch is known by its chip, and judged.
TEST_F(Check, JudgesAModemInEdlByWhatIsRememberedOfIt) {
  auto fw = package("eg25-g", "EG25GGBR07A08M2G_30.006.30.006");
  auto other = package("ec25-e", "EC25EFAR06A15M4G_01.002.01.002");
  Serve serve({"eg25-g"});
  ASSERT_EQ(remembering({"--bus", serve.bus(), "flash", fw, "--yes"}).exit, 0);
  ASSERT_EQ(remembering({"--bus", serve.bus(), "mode", "edl"}).exit, 0);
  auto same = remembering({"--bus", serve.bus(), "check", fw});
  EXPECT_EQ(same.exit, 0) << same.out;
  EXPECT_THAT(same.out, HasSubstr("known by its chip's serial"));
  auto wrong = remembering({"--bus", serve.bus(), "check", other});
  EXPECT_EQ(wrong.exit, 4);
  EXPECT_THAT(wrong.out, HasSubstr("refuse   order-code"));
}

TEST_F(Check, NeedsNoModemWhenItIsToldOfOne) {
  auto fw = package("eg25-g", "EG25GGBR07A08M2G_30.006.30.006");
  auto fits = run({"check", fw, "--revision", "EG25GGBR07A07M2G_30.004.30.004", "--geometry", "p2K_b128K"});
  EXPECT_EQ(fits.exit, 0) << fits.out;
  auto nand = run({"check", fw, "--revision", "EG25GGBR07A07M2G_30.004.30.004", "--geometry", "p4K_b256K"});
  EXPECT_EQ(nand.exit, 4);
  EXPECT_THAT(nand.out, AllOf(HasSubstr("refuse   geometry"), HasSubstr("EG25GGBR07AxxM2G _30.xxx for p4K_b256K")));
  EXPECT_EQ(run({"check", fw, "--revision", "EG25-G"}).exit, 2);
  EXPECT_EQ(run({"check", fw, "--revision", "EG25GGBR07A07M2G", "--geometry", "p8K"}).exit, 2);
  EXPECT_EQ(run({"check", fw, "--geometry", "p2K_b128K"}).exit, 2);
}

TEST_F(Check, LiftsAStopByItsNameAndNoOther) {
  auto fw = package("eg25-g", "EG25GGBR07A07M2G_01.001.01.001");
  Serve serve({"eg25-g"});
  auto flash = [&](std::vector<std::string> overrides) {
    std::vector<std::string> words = {"--bus", serve.bus(), "--json", "flash", fw, "--yes"};
    for (const auto& rule : overrides) {
      words.insert(words.end(), {"--override", rule});
    }
    return remembering(words);
  };
  auto stopped = flash({});
  EXPECT_EQ(stopped.exit, 4);
  EXPECT_THAT(stopped.out, HasSubstr("--override baseline --override channel-30"));
  EXPECT_EQ(flash({"baseline"}).exit, 4);
  auto typo = flash({"baseline", "channel30"});
  EXPECT_EQ(typo.exit, 2);
  EXPECT_THAT(typo.out, AllOf(HasSubstr("channel30: there is no such rule"), HasSubstr("channel-30 (stop)")));
  EXPECT_FALSE(serve.has_said("edl"));
  auto lifted = flash({"baseline", "channel-30"});
  EXPECT_EQ(lifted.exit, 0) << lifted.out;
  EXPECT_THAT(lifted.out, HasSubstr("\"lifted\":true"));
  auto journal = newest_journal();
  EXPECT_THAT(journal, AllOf(HasSubstr("\"event\":\"lifted\",\"rule\":\"baseline\""),
                             HasSubstr("\"event\":\"lifted\",\"rule\":\"channel-30\"")));
}

/// Story 3: the router's updater looked after its firmware only when the modem was in EDL.
TEST_F(Check, TouchesNoModemForAPackageThatIsNotThere) {
  Serve serve({"eg25-g"});
  for (const auto* command : {"check", "flash"}) {
    auto empty = remembering({"--bus", serve.bus(), command, dir / "not-mounted"});
    EXPECT_EQ(empty.exit, 11) << empty.err;
  }
  EXPECT_FALSE(serve.has_said("edl"));
}

}  // namespace
}  // namespace modemedic::tests
