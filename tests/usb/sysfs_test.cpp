#include "usb/sysfs.h"

#include "usb/node_holders.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace modemedic::usb {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

/// A folder that looks as the kernel's, as much as is needed.
class Tree : public testing::Test {
public:
  ~Tree() override { fs::remove_all(root); }

protected:
  Tree() {
    auto pattern = (fs::temp_directory_path() / "modemedic-XXXXXX").string();
    root = mkdtemp(pattern.data());
  }

  void file(const fs::path& path, const std::string& text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }

  void link(const fs::path& path, const std::string& target) const {
    fs::create_directories((root / path).parent_path());
    fs::create_symlink(target, root / path);
  }

  fs::path root;
};

using SysfsTree = Tree;

class ProcTree : public Tree {};

TEST_F(SysfsTree, TellsStringsDriversAndNodesOfADevice) {
  file("1-1.4/product", "EG25-G\n");
  file("1-1.4/devnum", "7\n");
  link("1-1.4:1.2/driver", "../../../bus/usb/drivers/option");
  fs::create_directories(root / "1-1.4:1.2/ttyUSB2/tty");
  fs::create_directories(root / "1-1.4:1.4/usbmisc/cdc-wdm0");
  fs::create_directories(root / "1-1.4:1.12/ttyUSB9");
  fs::create_directories(root / "1-1.41:1.2/ttyUSB7");
  Sysfs sysfs(root);
  EXPECT_EQ(sysfs.text("1-1.4", "product"), "EG25-G");
  EXPECT_EQ(sysfs.text("1-1.4", "serial"), "");
  EXPECT_EQ(sysfs.driver("1-1.4", 2), "option");
  EXPECT_EQ(sysfs.driver("1-1.4", 3), "");
  EXPECT_THAT(sysfs.nodes("1-1.4", 2), ElementsAre("/dev/ttyUSB2"));
  EXPECT_THAT(sysfs.nodes("1-1.4", 4), ElementsAre("/dev/cdc-wdm0"));
  EXPECT_THAT(sysfs.nodes("1-1.4", 0), IsEmpty());
  file("1-1.4/busnum", "1\n");
  EXPECT_EQ(sysfs.usbfs_node("1-1.4"), "/dev/bus/usb/001/007");
  EXPECT_EQ(sysfs.usbfs_node("1-1.3"), "");
}

TEST_F(SysfsTree, KnowsThatNobodyHasAPortOpenWhereTheKernelCounts) {
  fs::create_directories(root / "1-1:1.0");
  file("1-1:1.1/ttyUSB1/driver/module/refcnt", "0\n");
  file("1-1:1.2/ttyUSB2/driver/module/refcnt", "1\n");
  fs::create_directories(root / "1-1:1.3/ttyUSB3");  // a driver that is built in: nobody counts
  fs::create_directories(root / "1-1:1.4/usbmisc/cdc-wdm0");
  Sysfs sysfs(root);
  EXPECT_TRUE(sysfs.surely_unused("1-1", 0)) << "no node, no user";
  EXPECT_TRUE(sysfs.surely_unused("1-1", 1));
  EXPECT_FALSE(sysfs.surely_unused("1-1", 2));
  EXPECT_FALSE(sysfs.surely_unused("1-1", 3));
  EXPECT_FALSE(sysfs.surely_unused("1-1", 4));
}

TEST_F(SysfsTree, LooksIntoTheConfigurationThatTheDeviceIsIn) {
  link("1-1:1.0/driver", "../../../bus/usb/drivers/usbhid");
  link("1-1:2.0/driver", "../../../bus/usb/drivers/option");
  file("1-1/bConfigurationValue", "2\n");
  EXPECT_EQ(Sysfs(root).driver("1-1", 0), "option");
}

TEST_F(SysfsTree, KnowsTheOtherHalfOfAConnectorAsTheKernelSaysIt) {
  link("1-0:1.0/usb1-port1/peer", "../../../usb2/2-0:1.0/usb2-port5");
  fs::create_directories(root / "1-0:1.0/usb1-port2");
  link("2-5:1.0/2-5-port4/peer", "../../../../usb1/1-1/1-1:1.0/1-1-port4");
  link("2-5.4:1.0/2-5.4-port2/peer", "../../../../../usb1/1-1/1-1.4/1-1.4:1.0/1-1.4-port2");
  Sysfs sysfs(root);
  EXPECT_EQ(sysfs.companion("1-1"), "2-5");
  EXPECT_EQ(sysfs.companion("2-5.4"), "1-1.4");
  EXPECT_EQ(sysfs.companion("2-5.4.2"), "1-1.4.2");
  EXPECT_EQ(sysfs.companion("1-2"), "") << "the kernel knows peers here, and this port has none";
  EXPECT_EQ(sysfs.companion("usb1"), "");
  EXPECT_EQ(sysfs.companion(""), "");
}

TEST_F(SysfsTree, TakesTheSamePathOfTheControllersOtherBusWhereTheKernelKnowsNoPeers) {
  for (const auto* bus : {"a/usb1", "a/usb2", "b/usb3", "c/usb4", "c/usb5", "c/usb6"}) {
    file(fs::path("controllers") / bus / "speed", *(bus + 5) == '1' || *(bus + 5) == '4' ? "480\n" : "5000\n");
    link(bus + 2, std::string("controllers/") + bus);
  }
  Sysfs sysfs(root);
  EXPECT_EQ(sysfs.companion("1-1.4"), "2-1.4");
  EXPECT_EQ(sysfs.companion("2-3"), "1-3");
  EXPECT_EQ(sysfs.companion("3-1"), "");
  EXPECT_EQ(sysfs.companion("4-1"), "") << "two could be meant";
  EXPECT_EQ(sysfs.companion("9-1"), "");
}

TEST_F(SysfsTree, CountsEveryDeviceByItsNumbers) {
  Sysfs sysfs(root);
  EXPECT_THAT(sysfs.census(), IsEmpty());
  file("usb1/devnum", "1\n");
  file("1-1/devnum", "7\n");
  file("12-1.4.3/devnum", "127\n");
  file("1-1:1.0/devnum", "9\n");
  fs::create_directories(root / "1-2");  // is just coming or going
  file("1-3/devnum", "");
  file("x-3/devnum", "4\n");
  file("1-4/devnum", "300\n");
  EXPECT_THAT(sysfs.census(),
              ElementsAre(Pair(Pair(1, 1), "usb1"), Pair(Pair(1, 7), "1-1"), Pair(Pair(12, 127), "12-1.4.3")));
  file("1-1/devnum", "8\n");
  EXPECT_THAT(sysfs.census(),
              ElementsAre(Pair(Pair(1, 1), "usb1"), Pair(Pair(1, 8), "1-1"), Pair(Pair(12, 127), "12-1.4.3")));
}

TEST_F(SysfsTree, TellsASpeedAsTheKernelWritesIt) {
  Sysfs sysfs(root);
  for (auto [text, speed] : {std::pair("1.5", Speed::low), std::pair("12", Speed::full), std::pair("480", Speed::high),
                             std::pair("5000", Speed::super), std::pair("20000", Speed::super),
                             std::pair("unknown", Speed::unknown), std::pair("", Speed::unknown)}) {
    file("1-1/speed", std::string(text) + "\n");
    EXPECT_EQ(sysfs.speed("1-1"), speed) << text;
  }
}

TEST_F(SysfsTree, ReadsNoMoreDescriptorsThanAKernelKeeps) {
  Sysfs sysfs(root);
  EXPECT_TRUE(sysfs.is_shown());
  file("1-1/descriptors", std::string(2'000'000, 'x'));
  EXPECT_EQ(sysfs.descriptors("1-1").size(), 18 + 8 * 65536);
  EXPECT_THAT(sysfs.descriptors("1-2"), IsEmpty());
}

TEST(Sysfs, AnswersWithEmptinessWhereThereIsNone) {
  Sysfs sysfs("/nowhere/at/all");
  EXPECT_FALSE(sysfs.is_shown());
  EXPECT_EQ(sysfs.configuration("1-1"), std::nullopt);
  EXPECT_EQ(sysfs.text("1-1", "product"), "");
  EXPECT_EQ(sysfs.driver("1-1", 0), "");
  EXPECT_THAT(sysfs.nodes("1-1", 0), IsEmpty());
  EXPECT_THAT(sysfs.census(), IsEmpty());
}

TEST_F(ProcTree, NamesTheProgramThatHoldsANode) {
  link("612/fd/3", "/dev/null");
  link("612/fd/11", "/dev/ttyUSB2");
  file("612/comm", "ModemManager\n");
  link("77/fd/0", "/dev/ttyUSB3");
  file("self/comm", "me\n");
  auto holders = holders_of({"/dev/ttyUSB1", "/dev/ttyUSB2"}, root);
  ASSERT_THAT(holders, SizeIs(1));
  EXPECT_EQ(describe(holders), "/dev/ttyUSB2 is open in ModemManager (process 612)");
  EXPECT_THAT(holders_of({}, root), IsEmpty());
}

TEST_F(ProcTree, LeavesOurselvesOut) {
  link(std::to_string(getpid()) + "/fd/3", "/dev/ttyUSB2");
  EXPECT_THAT(holders_of({"/dev/ttyUSB2"}, root), IsEmpty());
}

}  // namespace
}  // namespace modemedic::usb
