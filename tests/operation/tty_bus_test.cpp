#include "usb/tty_bus.h"

#include "operation/find_modem.h"
#include "operation/identify.h"
#include "support/pty_modem.h"
#include "support/twin_bench.h"
#include "virtual/at_device.h"

#include <gmock/gmock.h>

/// A running modem over the ttys that a kernel driver makes of it: here ptys, below a folder that looks like sysfs.
namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::SizeIs;

/// Two modems on this machine's USB, and nothing that could be opened there.
class QuietBus final : public usb::Bus {
public:
  Result<std::vector<usb::DeviceInfo>> snapshot() override { return devices; }

  Result<bool> wait_change(Deadline) override { return false; }

  Result<std::unique_ptr<usb::Pipe>> open(const usb::DeviceInfo&, std::uint8_t number) override {
    opened.push_back(number);
    return fail(Code::permission).what("this bus opens nothing");
  }

  const Clock& clock() const override { return clock_; }

  std::vector<usb::DeviceInfo> devices;
  std::vector<std::uint8_t> opened;

private:
  SteadyClock clock_;
};

class TtyModem : public testing::Test {
protected:
  TtyModem() : persona(test::must(twin::find_persona("eg25-g"))) {
    at.model = persona.model;
    at.cgmr = "EG25GGBR07A07M2G";
    at.qgmr = "EG25GGBR07A07M2G_30.004.30.004";
    at.imei = "861081040000017";
    auto quiet = std::make_unique<QuietBus>();
    quiet->devices = {{"1-1", 1, persona.running}, {"1-2", 2, persona.running}, {"1-3", 3, persona.edl}};
    inner = quiet.get();
    fs::create_directories(folder / "dev");
    for (auto interface : {0, 1, 2, 3}) {
      plug(fmt_interface(interface), tty(interface));
    }
    bus_ = std::move(quiet);
  }

  /// No two processes use the same: a tty is locked for the whole machine, by its name.
  static std::string tty(int number) { return "ttyUSB" + std::to_string(getpid()) + "0" + std::to_string(number); }

  static std::string fmt_interface(int number) { return "sys/1-1:1." + std::to_string(number); }

  void plug(const std::string& interface, const std::string& tty) const {
    fs::create_directories(folder / (interface + "/" + tty + "/tty/" + tty));
  }

  void lay(const std::string& tty, const std::string& node) const { fs::create_symlink(node, folder / ("dev/" + tty)); }

  usb::Sysfs sysfs() const { return usb::Sysfs(folder / "sys", folder / "dev"); }

  usb::TtyBus bus(std::uint8_t named) {
    return {std::move(bus_), {"", "1-1", named}, &knowledge::at_interface, sysfs()};
  }

  Buffer answer(ByteView bytes) {
    auto text = device.feed(bytes).text;
    auto view = as_bytes(text);
    return {view.begin(), view.end()};
  }

  test::TemporaryDirectory folder;
  twin::Persona persona;
  twin::AtModem at;
  twin::AtDevice device{at};
  QuietBus* inner = nullptr;
  EventRecorder events;

private:
  std::unique_ptr<usb::Bus> bus_;
};

TEST_F(TtyModem, SaysWhoItIsOverTheTtyThatWasNamed) {
  test::PtyModem modem([this](ByteView bytes) { return answer(bytes); });
  lay(tty(2), modem.node());
  auto ttys = bus(2);
  auto found = find_modem(ttys, "", events);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->device.port, "1-1");
  auto identity = identify(ttys, found->device, Deadline::in(ttys.clock(), 5s), events);
  ASSERT_TRUE(identity) << identity.error().what;
  EXPECT_EQ(identity->revision, "EG25GGBR07A07M2G_30.004.30.004");
  EXPECT_EQ(identity->imei, "861081040000017");
  EXPECT_THAT(inner->opened, SizeIs(0));
}

TEST_F(TtyModem, IsAskedOverItsOtherAtPortIfThatWasNamed) {
  test::PtyModem modem([this](ByteView bytes) { return answer(bytes); });
  lay(tty(3), modem.node());
  auto ttys = bus(3);
  auto identity = identify(ttys, inner->devices[0], Deadline::in(ttys.clock(), 5s), events);
  ASSERT_TRUE(identity) << identity.error().what;
  EXPECT_EQ(identity->imei, "861081040000017");
}

TEST_F(TtyModem, IsAskedOverItsAtPortIfDiagWasNamed) {
  test::PtyModem modem([this](ByteView bytes) { return answer(bytes); });
  lay(tty(2), modem.node());
  auto ttys = bus(0);
  EXPECT_TRUE(identify(ttys, inner->devices[0], Deadline::in(ttys.clock(), 5s), events));
}

TEST_F(TtyModem, IsLostWhenItsTtyHangsUp) {
  test::PtyModem modem([](ByteView) { return Buffer(); });
  lay(tty(2), modem.node());
  auto ttys = bus(2);
  std::thread unplug([&] {
    usleep(50'000);
    modem.hang_up();
  });
  auto identity = identify(ttys, inner->devices[0], Deadline::in(ttys.clock(), 5s), events);
  unplug.join();
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, Code::modem_lost);
}

TEST_F(TtyModem, IsOpenedOnTheBusWhereItHasNoTtyAndInItsBootModes) {
  auto ttys = bus(2);
  EXPECT_FALSE(ttys.open(inner->devices[0], 4));
  EXPECT_FALSE(ttys.open(inner->devices[2], 0));
  EXPECT_EQ(inner->opened, (std::vector<std::uint8_t>{4, 0}));
}

TEST_F(TtyModem, IsNotReservedForAJobThatCouldNotReachItsEdl) {
  fs::create_directories(folder / "sys/1-1");
  test::write_text(folder / "sys/1-1/busnum", "1\n");
  test::write_text(folder / "sys/1-1/devnum", "7\n");
  auto ttys = bus(2);
  auto refused = ttys.reserve(inner->devices[0], usb::Purpose::job, events);  // no node: not even root may open it
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("dev/bus/usb/001/007"));
  EXPECT_TRUE(ttys.reserve(inner->devices[0], usb::Purpose::question, events));
  fs::create_directories(folder / "dev/bus/usb/001");
  test::write_text(folder / "dev/bus/usb/001/007", "");
  EXPECT_TRUE(ttys.reserve(inner->devices[0], usb::Purpose::job, events));
}

TEST_F(TtyModem, IsFoundFromItsTty) {
  test::PtyModem modem([](ByteView) { return Buffer(); });
  fs::create_directories(folder / "dev/serial");
  const auto node = "dev/" + tty(2);
  std::ofstream(folder / node) << "";
  std::ofstream(folder / "dev/ttyS0") << "";
  fs::create_symlink("../" + tty(2), folder / "dev/serial/by-id");
  for (const auto& name : {node, std::string("dev/serial/by-id"), "dev/serial/../" + tty(2)}) {
    auto found = usb::find_tty(folder / name, sysfs());
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->port, "1-1");
    EXPECT_EQ(found->interface_number, 2);
    EXPECT_EQ(found->node, folder / node);
  }
  EXPECT_EQ(usb::find_tty(folder / "dev/ttyS0", sysfs()).error().code, Code::usage);
  EXPECT_EQ(usb::find_tty(modem.node(), sysfs()).error().code, Code::usage);
  EXPECT_EQ(usb::find_tty(folder / "dev/ttyUSB9", sysfs()).error().code, Code::no_modem);
  EXPECT_FALSE(usb::find_tty("", sysfs()));
}

}  // namespace
}  // namespace modemedic::operation
