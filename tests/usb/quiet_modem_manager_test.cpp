#include "usb/quiet_modem_manager.h"

#include "support/private_bus.h"
#include "usb/node_holders.h"

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace modemedic::usb {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PhysicalDevice : public testing::Test {
protected:
  PhysicalDevice() {
    fs::create_directories(folder / "devices/pci/usb1/1-1");
    fs::create_directories(folder / "udev");
    fs::create_directory_symlink("devices/pci/usb1/1-1", folder / "1-1");
    test::write_text(folder / "1-1/dev", "189:5\n");
  }

  std::string uid() { return modem_manager_uid("1-1", Sysfs(folder.path()), folder / "udev"); }

  void udev_says(const std::string& lines) { test::write_text(folder / "udev/c189:5", lines); }

  test::TemporaryDirectory folder;
};

TEST_F(PhysicalDevice, IsCalledByItsPathInSysfs) {
  auto path = fs::canonical(folder / "devices/pci/usb1/1-1");
  EXPECT_EQ(uid(), path);
  udev_says("S:bus\nE:ID_BUS=usb\nE:ID_MM_DEVICE_IGNORE=0\nE:ID_MM_PHYSDEV_UID=\n");
  EXPECT_EQ(uid(), path);
  EXPECT_EQ(modem_manager_uid("1-2", Sysfs(folder.path()), folder / "udev"), "");
}

TEST_F(PhysicalDevice, IsCalledAsUdevSays) {
  udev_says("E:ID_MM_PHYSDEV_UID=modem in the attic\nE:ID_BUS=usb\n");
  EXPECT_EQ(uid(), "modem in the attic");
}

TEST_F(PhysicalDevice, IsNotTheirsWhenTheyIgnoreIt) {
  udev_says("E:ID_BUS=usb\nE:ID_MM_DEVICE_IGNORE=1\nE:ID_MM_PHYSDEV_UID=x\n");
  EXPECT_EQ(uid(), "");
}

class Quiet : public PhysicalDevice {
protected:
  void SetUp() override {
    if (!test::PrivateBus::possible()) {
      GTEST_SKIP() << "dbus-daemon is not installed";
    }
    bus.emplace();
    fs::create_directories(folder / "1-1:1.2/ttyUSB2");
    device.port = "1-1";
    device.fingerprint.interfaces.push_back({.number = 2, .endpoints = {}});
  }

  auto quiet() { return quiet_modem_manager(device, Sysfs(folder.path(), folder.path()), clock, events); }

  std::string path() { return fs::canonical(folder / "devices/pci/usb1/1-1"); }

  std::vector<std::string> said() const {
    std::vector<std::string> lines;
    for (const auto& event : events.events) {
      lines.push_back(std::get<event::Log>(event).text);
    }
    return lines;
  }

  std::optional<test::PrivateBus> bus;
  SteadyClock clock;
  EventRecorder events;
  DeviceInfo device;
};

TEST_F(Quiet, IsSaidOnceAndKept) {
  test::FakeModemManager manager(*bus, {path()});
  auto inhibition = quiet();
  EXPECT_TRUE(manager.inhibited(path()));
  EXPECT_THAT(said(), ElementsAre("ModemManager leaves this modem alone until the end"));
  inhibition.reset();
  EXPECT_TRUE(manager.becomes(path(), false));
}

TEST_F(Quiet, IsNotAskedForWhereAQuestionCanBeLeft) {
  Sysfs sysfs(folder.path(), folder.path());
  EXPECT_TRUE(respect_modem_manager(device, sysfs));
  test::FakeModemManager manager(*bus, {path()});
  auto busy = respect_modem_manager(device, sysfs);
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, Code::busy);
  EXPECT_THAT(busy.error().what, HasSubstr("ModemManager uses this modem"));
  EXPECT_FALSE(manager.inhibited(path()));
}

TEST_F(Quiet, NeedsNobodyWhereNobodyIs) {
  EXPECT_EQ(quiet(), nullptr);
  EXPECT_THAT(said(), IsEmpty());
}

TEST_F(Quiet, IsWarnedOfWhereItIsRefused) {
  test::FakeModemManager manager(*bus, {path()});
  manager.refuse("org.freedesktop.ModemManager1.Error.Core.Unauthorized", "Un\tauthorized");
  EXPECT_EQ(quiet(), nullptr);
  EXPECT_THAT(said(), ElementsAre(AllOf(HasSubstr("Un\\x09authorized"), HasSubstr("systemctl stop ModemManager"))));
}

TEST_F(Quiet, IsNotWaitedForWhereTheModemIsNotTheirs) {
  test::FakeModemManager manager(*bus, {});
  EXPECT_EQ(quiet(), nullptr);
}

TEST_F(Quiet, IsWaitedForWhileTheyStillProbe) {
  test::write_text(folder / "ttyUSB2", "");
  auto prober = fork();
  if (prober == 0) {
    prctl(PR_SET_NAME, "ModemManager");
    auto node = open((folder / "ttyUSB2").c_str(), O_RDWR);
    pause();
    _exit(node);
  }
  while (holders_of({folder / "ttyUSB2"}).empty()) {
    usleep(1000);
  }
  test::FakeModemManager manager(*bus, {});
  std::thread probed([&] {
    usleep(400'000);
    manager.know(path());
  });
  EXPECT_NE(quiet(), nullptr);
  probed.join();
  kill(prober, SIGKILL);
  waitpid(prober, nullptr, 0);
  EXPECT_THAT(said(), ElementsAre(HasSubstr("still looking at this modem"), HasSubstr("leaves this modem alone")));
}

}  // namespace
}  // namespace modemedic::usb
