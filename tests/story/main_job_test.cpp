#include "support/command.h"

#include <gmock/gmock.h>

/// The main job through the real command line: a package is made, a virtual modem is served over USB/IP, flashed, and
/// proves its new firmware.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Case {
  std::string persona;
  std::string before;
  std::string after;
};

void PrintTo(const Case& job, std::ostream* out) {
  *out << job.persona;
}

class MainJob : public testing::TestWithParam<Case> {};

TEST_P(MainJob, FlashesARunningModemAndProvesIt) {
  const auto& job = GetParam();
  TempDir dir;
  auto package = dir / "fw.zip";
  ASSERT_EQ(run({"virtual", "package", job.persona, package, "--small", "--revision", job.after}).exit, 0);
  Serve serve({job.persona, "--revision", job.before});

  auto before = run({"--bus", serve.bus(), "list"});
  EXPECT_EQ(before.exit, 0);
  EXPECT_THAT(before.out, AllOf(HasSubstr("running"), HasSubstr(job.before)));

  auto flash = run({"--bus", serve.bus(), "flash", package, "--yes"});
  EXPECT_EQ(flash.exit, 0) << flash.err;
  EXPECT_THAT(flash.out, AllOf(HasSubstr("done and proven"), HasSubstr(job.after), HasSubstr("as before")));

  auto after = run({"--bus", serve.bus(), "list", "--json"});
  EXPECT_EQ(after.exit, 0);
  EXPECT_THAT(after.out, HasSubstr("\"revision\":\"" + job.after + "\""));
  EXPECT_EQ(serve.interrupt(), 0);
}

TEST_P(MainJob, RehearsesOnASimulatedTwin) {
  const auto& job = GetParam();
  TempDir dir;
  auto package = dir / "fw";
  ASSERT_EQ(run({"virtual", "package", job.persona, package, "--small", "--revision", job.after}).exit, 0);
  auto rehearsal = run({"rehearse", package});
  EXPECT_EQ(rehearsal.exit, 0) << rehearsal.err;
  EXPECT_THAT(rehearsal.out, AllOf(HasSubstr("done and proven"), HasSubstr(job.after)));
}

INSTANTIATE_TEST_SUITE_P(
    Personas, MainJob,
    testing::Values(Case{"eg25-g", "EG25GGBR07A07M2G_30.004.30.004", "EG25GGBR07A08M2G_30.006.30.006"},
                    Case{"ec25-e", "EC25EFAR06A11M4G_01.001.01.001", "EC25EFAR06A15M4G_01.002.01.002"}),
    [](const auto& tested) { return tested.index == 0 ? "eg25" : "ec25"; });

class OneModem : public testing::Test {
protected:
  void make_package(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{
        "virtual", "package", "eg25-g", package, "--small", "--revision", "EG25GGBR07A08M2G_30.006.30.006"};
    words.insert(words.end(), more.begin(), more.end());
    ASSERT_EQ(run(words).exit, 0);
  }

  TempDir dir;
  std::string package = dir / "fw";
};

TEST_F(OneModem, FlashFromEdlStopsBecauseNobodyKnowsWhoItIs) {
  make_package();
  Serve serve({"eg25-g:edl"});
  auto refused = run({"--bus", serve.bus(), "--data", dir / "data", "flash", package, "--yes", "--json"});
  EXPECT_EQ(refused.exit, 4);
  EXPECT_THAT(refused.out, AllOf(HasSubstr("\"result\":\"refused\""), HasSubstr("\"rule\":\"unknown\"")));

  auto flash = run({"--bus", serve.bus(), "flash", package, "--yes", "--override", "unknown"});
  EXPECT_EQ(flash.exit, 0) << flash.err;
  EXPECT_THAT(flash.out, HasSubstr("done and proven"));
}

TEST_F(OneModem, FlashNeedsAYesWhenNobodyCanAnswer) {
  make_package();
  Serve serve({"eg25-g"});
  auto flash = run({"--bus", serve.bus(), "flash", package});
  EXPECT_EQ(flash.exit, 2);
  EXPECT_THAT(flash.err, HasSubstr("--yes"));
}

TEST_F(OneModem, TwoModemsAndNoneChosenIsAnErrorThatListsThem) {
  make_package();
  Serve serve({"eg25-g", "eg25-g"});
  auto both = run({"--bus", serve.bus(), "flash", package, "--yes"});
  EXPECT_EQ(both.exit, 3);
  EXPECT_THAT(both.err, AllOf(HasSubstr("1-1"), HasSubstr("1-2")));

  auto one = run({"--bus", serve.bus(), "--modem", "port:1-2", "flash", package, "--yes"});
  EXPECT_EQ(one.exit, 0) << one.err;
  auto list = run({"--bus", serve.bus(), "list"});
  EXPECT_THAT(list.out,
              AllOf(HasSubstr("EG25GGBR07A08M2G_30.006.30.006"), HasSubstr("EG25GGBR07A07M2G_30.004.30.004")));
}

TEST_F(OneModem, AnotherOrderCodeIsRefusedBeforeAnythingIsSent) {
  make_package();
  Serve serve({"ec25-e"});
  auto flash = run({"--bus", serve.bus(), "flash", package, "--yes", "--override", "order-code"});
  EXPECT_EQ(flash.exit, 4);
  EXPECT_THAT(flash.err, HasSubstr("order-code"));
  EXPECT_THAT(run({"--bus", serve.bus(), "list"}).out, HasSubstr("running"));
  EXPECT_FALSE(serve.has_said("edl"));
}

TEST_F(OneModem, TheOtherGeometryLeavesTheModemAsItWas) {
  make_package();
  Serve serve({"eg25-g-p4k"});
  auto flash = run({"--bus", serve.bus(), "flash", package, "--yes"});
  EXPECT_EQ(flash.exit, 4);
  EXPECT_THAT(flash.err, HasSubstr("256 KiB"));
  EXPECT_THAT(run({"--bus", serve.bus(), "list"}).out, HasSubstr("EG25GGBR07A07M2G_30.004.30.004"));
}

TEST_F(OneModem, TheStateFolderKeepsWhatWasFlashed) {
  make_package();
  {
    Serve serve({"eg25-g", "--state", dir / "state"});
    ASSERT_EQ(run({"--bus", serve.bus(), "flash", package, "--yes"}).exit, 0);
    EXPECT_EQ(serve.interrupt(), 0);
  }
  Serve again({"eg25-g", "--state", dir / "state"});
  EXPECT_THAT(run({"--bus", again.bus(), "list"}).out, HasSubstr("EG25GGBR07A08M2G_30.006.30.006"));
}

TEST(CommandLine, TellsWhatItCan) {
  auto help = run({"--help"});
  EXPECT_EQ(help.exit, 0);
  for (const auto* command : {"list", "inspect", "check", "plan", "flash", "rehearse", "virtual"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
    EXPECT_THAT(run({command, "--help"}).out, Not(HasSubstr("error")));
  }
  EXPECT_THAT(run({"flash", "--help"}).out, HasSubstr("Example:"));
}

TEST(CommandLine, AWrongWordIsAUsageErrorWithAVerdict) {
  auto wrong = run({"--json", "flsh"});
  EXPECT_EQ(wrong.exit, 2);
  EXPECT_THAT(wrong.out, AllOf(HasSubstr("\"event\":\"verdict\""), HasSubstr("\"exit\":2")));
}

TEST(CommandLine, NobodyListensThereIsSaidInWords) {
  auto nobody = run({"--bus", "usbip:127.0.0.1:1", "list"});
  EXPECT_EQ(nobody.exit, 11);
  EXPECT_THAT(nobody.err, HasSubstr("what to do:"));
}

}  // namespace
}  // namespace modemedic::tests
