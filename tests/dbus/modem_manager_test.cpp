#include "dbus/modem_manager.h"

#include "support/private_bus.h"

#include <csignal>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace modemedic::dbus {
namespace {

using namespace std::chrono_literals;
using test::FakeModemManager;
using test::PrivateBus;
using testing::HasSubstr;
using Outcome = Inhibition::Outcome;

constexpr const char* modem = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1";
constexpr Duration patience = 5s;
constexpr Duration library_patience = 25s;  ///< what D-Bus waits for an answer when it isn't told how long

class ModemManager : public testing::Test {
protected:
  void SetUp() override {
    if (!PrivateBus::possible()) {
      GTEST_SKIP() << "dbus-daemon is not installed";
    }
    bus.emplace();
  }

  std::optional<PrivateBus> bus;
};

TEST_F(ModemManager, LeavesTheModemAloneUntilTheEnd) {
  FakeModemManager manager(*bus, {modem});
  auto asked = Inhibition::ask(modem, patience);
  ASSERT_EQ(asked.outcome, Outcome::inhibited) << asked.why;
  EXPECT_TRUE(manager.inhibited(modem));
  asked.inhibition.reset();
  EXPECT_TRUE(manager.becomes(modem, false));
}

TEST_F(ModemManager, IsFreeAgainWhenWeDie) {
  FakeModemManager manager(*bus, {modem});
  auto child = fork();
  if (child == 0) {
    auto asked = Inhibition::ask(modem, patience);
    pause();
    _exit(asked.outcome == Outcome::inhibited ? 0 : 1);
  }
  EXPECT_TRUE(manager.becomes(modem, true));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(manager.becomes(modem, false));
}

TEST_F(ModemManager, IsNotMissedNorStarted) {
  auto asked = Inhibition::ask(modem, patience);
  EXPECT_EQ(asked.outcome, Outcome::nobody_there);
  EXPECT_FALSE(bus->was_asked_to_start());
}

TEST_F(ModemManager, IsStartedByWhoDoesNotTakeCare) {
  bus->call_manager_carelessly();
  EXPECT_TRUE(bus->was_asked_to_start(3000)) << "else the test before this one shows nothing";
}

TEST_F(ModemManager, MayStillBeLookingAtTheModem) {
  FakeModemManager manager(*bus, {modem});
  manager.refuse("org.freedesktop.ModemManager1.Error.Core.WrongState", "Modem not exported in the bus");
  EXPECT_EQ(Inhibition::ask(modem, patience).outcome, Outcome::unknown_device);
}

TEST_F(ModemManager, MayNotKnowTheModem) {
  FakeModemManager manager(*bus, {modem});
  auto asked = Inhibition::ask("/sys/devices/other", patience);
  EXPECT_EQ(asked.outcome, Outcome::unknown_device);
  EXPECT_THAT(asked.why, HasSubstr("/sys/devices/other"));
}

TEST_F(ModemManager, MayRefuse) {
  FakeModemManager manager(*bus, {modem});
  manager.refuse("org.freedesktop.ModemManager1.Error.Core.Unauthorized", "Unauthorized: no");
  auto asked = Inhibition::ask(modem, patience);
  EXPECT_EQ(asked.outcome, Outcome::refused);
  EXPECT_EQ(asked.why, "Unauthorized: no");
}

TEST_F(ModemManager, MayBeSilent) {
  FakeModemManager manager(*bus, {modem});
  manager.be_silent();
  auto started = std::chrono::steady_clock::now();
  auto asked = Inhibition::ask(modem, 500ms);
  EXPECT_EQ(asked.outcome, Outcome::silent);
  EXPECT_LT(std::chrono::steady_clock::now() - started, library_patience);
}

TEST_F(ModemManager, MayHangTogetherWithTheBus) {
  bus->stop();
  auto started = std::chrono::steady_clock::now();
  auto asked = Inhibition::ask(modem, 500ms);
  EXPECT_EQ(asked.outcome, Outcome::silent);
  EXPECT_LT(std::chrono::steady_clock::now() - started, library_patience);
  bus->go_on();
}

TEST_F(ModemManager, SaysWhichModemsItHas) {
  EXPECT_FALSE(modem_manager_has(modem, patience));
  EXPECT_FALSE(bus->was_asked_to_start());
  FakeModemManager manager(*bus, {"/sys/devices/other", modem});
  EXPECT_TRUE(modem_manager_has(modem, patience));
  EXPECT_TRUE(modem_manager_has("/sys/devices/other", patience));
  EXPECT_FALSE(modem_manager_has("/sys/devices/third", patience));
  EXPECT_FALSE(modem_manager_has("", patience));
  bus->stop();
  EXPECT_FALSE(modem_manager_has(modem, 200ms));
}

TEST_F(ModemManager, MayLeaveWhileItIsInhibited) {
  auto manager = std::make_unique<FakeModemManager>(*bus, std::set<std::string>{modem});
  auto asked = Inhibition::ask(modem, patience);
  ASSERT_EQ(asked.outcome, Outcome::inhibited);
  manager.reset();
  asked.inhibition.reset();
}

TEST_F(ModemManager, MayBeLeftByTheBus) {
  FakeModemManager manager(*bus, {modem});
  auto asked = Inhibition::ask(modem, patience);
  ASSERT_EQ(asked.outcome, Outcome::inhibited);
  bus->end();
  usleep(50'000);
  asked.inhibition.reset();
}

TEST(NoDBus, IsFineAndFast) {
  setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/at/all", 1);
  auto started = std::chrono::steady_clock::now();
  auto asked = Inhibition::ask(modem, patience);
  EXPECT_EQ(asked.outcome, Outcome::nobody_there);
  EXPECT_LT(std::chrono::steady_clock::now() - started, patience);
  for (const auto* address : {"", "nonsense", "unix:path=/dev/null", "tcp:host=127.0.0.1,port=1"}) {
    setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
    EXPECT_NE(Inhibition::ask(modem, patience).outcome, Outcome::inhibited) << address;
  }
  unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

}  // namespace
}  // namespace modemedic::dbus
