#include "virtual/fastboot_function.h"

#include "virtual/host_port.h"
#include "virtual/persona.h"

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

class FastbootFunctionTest : public testing::Test {
protected:
  static FastbootFunction::Setup setup(std::vector<FastbootExit>& exits) {
    FastbootFunction::Setup made{.fingerprint = find_persona("eg25-g")->fastboot,
                                 .fused = false,
                                 .on_exit = [&exits](FastbootExit way) { exits.push_back(way); }};
    made.fingerprint.serial = "1c5d6f";
    return made;
  }

  std::vector<FastbootExit> exits;
  FastbootFunction function{setup(exits)};
  HostPort port{function, 0};
};

TEST_F(FastbootFunctionTest, TellsItsVariables) {
  EXPECT_EQ(port.ask("getvar:version"), "OKAY0.5");
  EXPECT_EQ(port.ask("getvar:secure"), "OKAYno");
  EXPECT_EQ(port.ask("getvar:max-download-size"), "OKAY\t0xd000000");
  EXPECT_EQ(port.ask("getvar:serialno"), "OKAY1c5d6f");
  EXPECT_EQ(port.ask("getvar:kernel"), "OKAYlk");
  EXPECT_EQ(port.ask("getvar:version-baseband"), "OKAY");
  EXPECT_EQ(port.ask("getvar:partition-size:boot"), "OKAY");
  EXPECT_EQ(port.ask("getvar:Version"), "OKAY");
  EXPECT_EQ(port.ask("getvar: version"), "OKAY");
}

TEST_F(FastbootFunctionTest, ListsThemAllForAnyPrefixOfAll) {
  const std::string list =
      "INFOversion:0.5INFOvariant:INFOsecure:noINFOversion-baseband:INFOversion-bootloader:INFOdisplay-panel:"
      "INFOoff-mode-charge:0INFOcharger-screen-enabled:0INFOmax-download-size:\t0xd000000INFOserialno:1c5d6f"
      "INFOkernel:lkINFOproduct:OKAY";
  EXPECT_EQ(port.ask("getvar:all"), list);
  EXPECT_EQ(port.ask("getvar:a"), list);
  EXPECT_EQ(port.ask("getvar:"), list);
}

TEST_F(FastbootFunctionTest, KnowsNoOtherCommand) {
  EXPECT_EQ(port.ask("hello"), "FAILunknown command");
  EXPECT_EQ(port.ask(""), "FAILunknown command");
  EXPECT_EQ(port.ask("GETVAR:version"), "FAILunknown command");
}

TEST_F(FastbootFunctionTest, LeavesByPrefixAndHearsNoMore) {
  EXPECT_EQ(port.ask("reboot-edl"), "OKAY");
  EXPECT_THAT(exits, testing::ElementsAre(FastbootExit::reboot));
  EXPECT_EQ(port.ask("getvar:version"), "");
}

TEST_F(FastbootFunctionTest, TellsTheBootLoaderApart) {
  EXPECT_EQ(port.ask("reboot-bootloader"), "OKAY");
  EXPECT_THAT(exits, testing::ElementsAre(FastbootExit::bootloader));
}

TEST_F(FastbootFunctionTest, GoesOn) {
  EXPECT_EQ(port.ask("continue"), "OKAY");
  EXPECT_THAT(exits, testing::ElementsAre(FastbootExit::go_on));
}

}  // namespace
}  // namespace modemedic::twin
