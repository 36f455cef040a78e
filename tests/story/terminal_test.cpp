#include "support/terminal.h"

#include "support/command.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <gmock/gmock.h>
#include <sys/wait.h>

/// What a person sees and types: at a terminal, in a pipe, on a full disk.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) {
    longest = std::max(longest, static_cast<std::size_t>(std::ranges::count_if(
                                    line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; })));
  }
  return longest;
}

class WideAs : public testing::TestWithParam<unsigned short> {};

TEST_P(WideAs, TheTerminalIsTheHelp) {
  for (const auto& words : {std::vector<std::string>{"--help"}, {"flash", "--help"}, {"virtual", "serve", "--help"}}) {
    OnTerminal help(words, GetParam());
    EXPECT_EQ(help.wait(), 0);
    EXPECT_THAT(help.screen(), HasSubstr("Usage: modemedic"));
    EXPECT_LE(longest_line(help.screen()), GetParam()) << help.screen();
  }
}

TEST_P(WideAs, TheTerminalIsWhatDoctorAndListSay) {
  Serve serve({"eg25-g:edl", "eg25-g:fastboot", "ec20"});
  TempDir nothing_known;
  for (const auto* command : {"doctor", "list"}) {
    OnTerminal shown({"--bus", serve.bus(), "--data", nothing_known.path(), command}, GetParam());
    shown.wait();
    EXPECT_THAT(shown.screen(), HasSubstr("1-3"));
    EXPECT_LE(longest_line(shown.screen()), GetParam()) << shown.screen();
  }
}

INSTANTIATE_TEST_SUITE_P(Columns, WideAs, testing::Values(80, 120),
                         [](const auto& tested) { return std::to_string(tested.param); });

TEST(Tray, IsToldInALineForEachModemThatIsWell) {
  Serve serve({"eg25-g", "eg25-g:edl", "ec25-e"});
  auto tray = run({"--bus", serve.bus(), "doctor"});
  EXPECT_EQ(tray.exit, 20);
  EXPECT_THAT(tray.out, AllOf(HasSubstr("port 1-1: it is well"), HasSubstr("3 modems, 2 of them well"),
                              Not(HasSubstr("it has its IMEI, and its radio is on"))));
  auto one = run({"--bus", serve.bus(), "--modem", "port:1-1", "doctor"});
  EXPECT_THAT(one.out, HasSubstr("it has its IMEI, and its radio is on"));
}

TEST(Terminal, BreaksNoCommandThatAPersonWouldCopy) {
  OnTerminal lost({"edl"}, 60);
  EXPECT_EQ(lost.wait(), 2);
  EXPECT_THAT(lost.screen(), HasSubstr("modemedic edl info|partitions|read|write|erase (modemedic edl --help)\n"));
}

TEST(CommandLine, NamesTheCommandThatWasMeant) {
  auto mistyped = run({"falsh", "fw.zip"});
  EXPECT_EQ(mistyped.exit, 2);
  EXPECT_THAT(mistyped.err, AllOf(HasSubstr("there is no command falsh"), HasSubstr("do you mean modemedic flash?")));
  EXPECT_THAT(run({"virtual", "srve"}).err, HasSubstr("do you mean modemedic virtual serve?"));
  EXPECT_THAT(run({"frobnicate"}).err, AllOf(HasSubstr("there is no command frobnicate"), Not(HasSubstr("mean"))));
}

TEST(CommandLine, PointsToTheDoctorWhenNothingIsSaid) {
  auto nothing = run({});
  EXPECT_EQ(nothing.exit, 2);
  EXPECT_THAT(nothing.err, HasSubstr("modemedic doctor"));
  auto json = run({"--json", "edl"});
  EXPECT_EQ(json.exit, 2);
  EXPECT_THAT(json.out, AllOf(HasSubstr(R"("code":"usage")"), HasSubstr("modemedic edl info|partitions")));
}

class Prompt : public testing::Test {
protected:
  void SetUp() override { ASSERT_EQ(run({"virtual", "package", "eg25-g", package, "--small"}).exit, 0); }

  std::vector<std::string> flash() { return {"--bus", serve.bus(), "flash", package}; }

  bool never_left_normal() { return !serve.has_said("edl"); }

  TempDir dir;
  std::string package = dir / "fw";
  Serve serve{{"eg25-g"}};
};

TEST_F(Prompt, EndsAtTheFirstCtrlC) {
  OnTerminal asked(flash(), 80);
  ASSERT_TRUE(asked.wait_for("[y/N]"));
  asked.type("\x03");
  EXPECT_EQ(asked.wait(), 10);
  EXPECT_THAT(asked.screen(), HasSubstr("nothing was written"));
  EXPECT_TRUE(never_left_normal());
}

TEST_F(Prompt, TakesNoAnswerThatWasTypedBeforeTheQuestion) {
  OnTerminal asked(flash(), 80, "y\n");
  ASSERT_TRUE(asked.wait_for("[y/N]"));
  asked.type("n\n");
  EXPECT_EQ(asked.wait(), 10);
  EXPECT_THAT(asked.screen(), HasSubstr("not confirmed"));
  EXPECT_TRUE(never_left_normal());
}

/// The first bar that is not drawn over, because it takes more than a line.
std::string broken_bar(const std::string& screen) {
  const std::string beginning = "\x1b[K  [";
  for (auto at = screen.find(beginning); at != std::string::npos; at = screen.find(beginning, at + 1)) {
    auto bar = screen.substr(at + beginning.size(), screen.find('\x1b', at + 1) - at - beginning.size());
    if (bar.find('\n') != std::string::npos) {
      return bar;
    }
  }
  return "";
}

TEST_F(Prompt, GoesOnWithAYes) {
  OnTerminal asked(flash(), 60);
  ASSERT_TRUE(asked.wait_for("[y/N]"));
  asked.type("y\n");
  EXPECT_EQ(asked.wait(), 0);
  EXPECT_THAT(asked.screen(), AllOf(HasSubstr("done and proven"), HasSubstr("\x1b[K  [")));
  EXPECT_EQ(broken_bar(asked.screen()), "");
}

TEST_F(Prompt, IsNotReachedByAModemWhereNobodyCanAnswer) {
  auto refused = run({"--bus", serve.bus(), "edl", "erase", "misc", "--package", package});
  EXPECT_EQ(refused.exit, 2);
  EXPECT_THAT(refused.err, HasSubstr("--yes"));
  EXPECT_TRUE(never_left_normal());
}

/// Runs it by the shell, for what a shell redirects to.
int run_by_shell(const std::string& words) {
  auto status = std::system((std::string(MODEMEDIC_PROGRAM) + " " + words).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_F(Prompt, IsNoPartOfAFlashWhoseLogFindsNoRoomAndWhichGoesOnToItsEnd) {
  auto words = "--bus " + serve.bus() + " flash " + package + " --yes";
  EXPECT_EQ(run_by_shell(words + " 2>/dev/full >/dev/null"), 0);
  EXPECT_EQ(run_by_shell("--json " + words + " 2>/dev/null >/dev/full"), 11) << "flashed, and its verdict is lost";
  EXPECT_THAT(run({"--bus", serve.bus(), "list"}).out, HasSubstr("proven"));
}

TEST(FullDisk, MakesNoResultThatLooksWhole) {
  EXPECT_EQ(run_by_shell("virtual personas >/dev/full 2>/dev/null"), 11);
  EXPECT_EQ(run_by_shell("virtual personas --json >/dev/full 2>/dev/null"), 11);
  EXPECT_EQ(run_by_shell("virtual personas >/dev/null"), 0);
}

TEST(Log, StandsInTheOrderInWhichItWasSaidWhereBothGoIntoOneFile) {
  TempDir dir;
  auto package = dir / "fw";
  ASSERT_EQ(run({"virtual", "package", "eg25-g", package, "--small"}).exit, 0);
  Background rehearsal({"rehearse", package});
  EXPECT_EQ(rehearsal.wait(), 0);
  const auto& said = rehearsal.said();
  EXPECT_LT(said.find("origin "), said.find("ask the modem who it is")) << said;
  EXPECT_LT(said.find("let the modem prove it"), said.find("done and proven")) << said;
}

}  // namespace
}  // namespace modemedic::tests
