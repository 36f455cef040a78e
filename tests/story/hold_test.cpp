#include "support/command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

/// While one modemedic works on a modem, a second one keeps its hands off.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// The lock of a served modem, as another modemedic holds it.
class Holder {
public:
  Holder(const Serve& serve, const std::string& says)
      : path_("/tmp/modemedic-usbip-127.0.0.1-" + serve.port() + "-1-1.lock"),
        file_(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    EXPECT_EQ(flock(file_, LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(write(file_, says.data(), says.size()), static_cast<ssize_t>(says.size()));
  }

  ~Holder() {
    unlink(path_.c_str());
    close(file_);
  }

  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

private:
  std::string path_;
  int file_;
};

TEST(Hold, ASecondModemedicIsTurnedAwayWithTheNameOfTheFirst) {
  TempDir dir;
  auto package = dir / "fw";
  ASSERT_EQ(
      run({"virtual", "package", "eg25-g", package, "--small", "--revision", "EG25GGBR07A08M2G_30.006.30.006"}).exit,
      0);
  Serve serve({"eg25-g"});
  {
    Holder first(serve, "modemedic job\nprocess 4711\nsince 1714567402\ncommand modemedic flash other.zip\n");
    auto second = run({"--bus", serve.bus(), "flash", package, "--yes"});
    EXPECT_EQ(second.exit, 9);
    EXPECT_THAT(second.err, AllOf(HasSubstr("another modemedic works on this modem (process 4711 since 2024-05-01 "),
                                  HasSubstr(": modemedic flash other.zip)"), HasSubstr("nothing was sent")));
    auto list = run({"--bus", serve.bus(), "list"});
    EXPECT_EQ(list.exit, 0);
    EXPECT_THAT(list.out, HasSubstr("another modemedic works on this modem"));
  }
  auto later = run({"--bus", serve.bus(), "flash", package, "--yes"});
  EXPECT_EQ(later.exit, 0) << later.err;
}

TEST(Hold, ATtyMustBeAPortOfAModem) {
  auto other_bus = run({"--bus", "usbip:127.0.0.1", "--tty", "/dev/ttyUSB2", "list"});
  EXPECT_EQ(other_bus.exit, 2);
  EXPECT_THAT(other_bus.err, HasSubstr("--tty names a port of this machine"));
  auto no_usb = run({"list", "--tty", "/dev/null"});
  EXPECT_EQ(no_usb.exit, 2);
  EXPECT_THAT(no_usb.err, HasSubstr("/dev/null is no port of a USB device"));
  auto nothing = run({"list", "--tty", "/dev/ttyNOSUCH"});
  EXPECT_EQ(nothing.exit, 3);
  EXPECT_THAT(nothing.err, AllOf(HasSubstr("there is no /dev/ttyNOSUCH"), HasSubstr("/dev/serial/by-id")));
}

}  // namespace
}  // namespace modemedic::tests
