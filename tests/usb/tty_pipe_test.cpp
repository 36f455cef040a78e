#include "usb/tty_pipe.h"

#include "support/pty_modem.h"
#include "support/tool.h"

#include <csignal>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace modemedic::usb {
namespace {

using namespace std::chrono_literals;
using test::PtyModem;
using test::TemporaryDirectory;
using testing::AllOf;
using testing::HasSubstr;

Buffer echo(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

Buffer every_byte() {
  Buffer bytes;
  for (int value = 0; value < 256; ++value) {
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

class Tty : public testing::Test {
protected:
  Deadline soon(Duration patience = 5s) const { return Deadline::in(clock, patience); }

  Buffer receive(Pipe& pipe, std::size_t size) const {
    Buffer all;
    Buffer part(4096);
    while (all.size() < size) {
      auto count = pipe.receive(part, soon());
      EXPECT_TRUE(count) << count.error().what;
      if (!count) {
        break;
      }
      all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*count));
    }
    return all;
  }

  SteadyClock clock;
};

TEST_F(Tty, CarriesEveryByteAsItIsBothWays) {
  PtyModem modem(echo);
  auto pipe = TtyPipe::open(modem.node(), clock).value();
  Buffer sent;
  for (int i = 0; i < 64; ++i) {
    auto bytes = every_byte();
    sent.insert(sent.end(), bytes.begin(), bytes.end());
  }
  for (std::size_t at = 0; at < sent.size(); at += 1000) {
    auto part = ByteView(sent).subspan(at, std::min<std::size_t>(1000, sent.size() - at));
    ASSERT_TRUE(pipe->send(part, Zlp::never, soon()));
    ASSERT_TRUE(pipe->flush(soon()));
    EXPECT_EQ(receive(*pipe, part.size()), Buffer(part.begin(), part.end()));
  }
}

TEST_F(Tty, WaitsNoLongerThanItMay) {
  PtyModem modem([](ByteView) { return Buffer(); });
  auto pipe = TtyPipe::open(modem.node(), clock).value();
  Buffer into(10);
  auto started = clock.now();
  auto received = pipe->receive(into, soon(50ms));
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, Code::timeout);
  EXPECT_THAT(received.error().what, HasSubstr(modem.node()));
  EXPECT_LT(clock.now() - started, 2s);
}

TEST_F(Tty, GivesUpOnAModemThatTakesNothing) {
  Descriptor master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_EQ(unlockpt(master.get()), 0);
  auto pipe = TtyPipe::open(ptsname(master.get()), clock).value();
  auto sent = pipe->send(Buffer(1_MiB), Zlp::never, soon(100ms));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::timeout);
}

TEST_F(Tty, SaysWhenTheModemHasLeft) {
  PtyModem modem(echo);
  auto pipe = TtyPipe::open(modem.node(), clock).value();
  modem.hang_up();
  Buffer into(10);
  auto received = pipe->receive(into, soon());
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, Code::modem_lost);
  EXPECT_THAT(received.error().what, HasSubstr("has left"));
  auto sent = pipe->send(Buffer(10), Zlp::never, soon());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::modem_lost);
  pipe.reset();
  auto again = TtyPipe::open(modem.node(), clock);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::modem_lost);
}

TEST_F(Tty, IsForOneAlone) {
  PtyModem modem(echo);
  auto first = TtyPipe::open(modem.node(), clock).value();
  auto second = TtyPipe::open(modem.node(), clock);
  ASSERT_FALSE(second);
  EXPECT_EQ(exit_code(second.error().code), 9);
  first.reset();
  EXPECT_TRUE(TtyPipe::open(modem.node(), clock));
}

TEST_F(Tty, NamesTheProgramThatHasIt) {
  PtyModem modem(echo);
  auto child = fork();
  if (child == 0) {
    auto held = open(modem.node().c_str(), O_RDWR | O_NOCTTY);
    pause();
    _exit(held);
  }
  Result<std::unique_ptr<Pipe>> pipe = fail(Code::bug);
  for (auto deadline = soon(); !deadline.passed(clock);) {
    pipe = TtyPipe::open(modem.node(), clock);
    if (!pipe) {
      break;
    }
    pipe->reset();
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().code, Code::busy);
  EXPECT_EQ(pipe.error().what, modem.node() + " is open in test_usb (process " + std::to_string(child) + ")");
}

TEST_F(Tty, IsGivenBackAsItWas) {
  PtyModem modem(echo);
  termios before{};
  termios during{};
  termios after{};
  tcgetattr(modem.keeper(), &before);
  {
    auto pipe = TtyPipe::open(modem.node(), clock).value();
    tcgetattr(modem.keeper(), &during);
  }
  tcgetattr(modem.keeper(), &after);
  EXPECT_NE(before.c_lflag, during.c_lflag);
  EXPECT_EQ(before.c_lflag, after.c_lflag);
  EXPECT_EQ(before.c_iflag, after.c_iflag);
  EXPECT_EQ(before.c_oflag, after.c_oflag);
  EXPECT_EQ(before.c_cflag, after.c_cflag);
}

TEST_F(Tty, SaysWhichGroupMayUseIt) {
  if (getuid() != 0) {
    GTEST_SKIP() << "only root can be another user";
  }
  PtyModem modem(echo);
  chmod(modem.node().c_str(), 0600);
  auto child = fork();
  if (child == 0) {
    auto denied = setuid(65534) == 0 ? TtyPipe::open(modem.node(), clock) : fail(Code::bug);
    auto fine = !denied && denied.error().code == Code::permission &&
                denied.error().hint.find("sudo usermod -aG ") != std::string::npos;
    _exit(fine ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(Tty, IsNotWhatIsNoTty) {
  TemporaryDirectory folder;
  test::write_text(folder / "file", "");
  auto file = TtyPipe::open(folder / "file", clock);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::usage);
  auto nothing = TtyPipe::open("/dev/ttyNOSUCH", clock);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, Code::modem_lost);
  EXPECT_FALSE(nothing.error().hint.empty());
}

class UucpLocks : public testing::Test {
protected:
  auto take() { return UucpLock::take("/dev/ttyUSB2", folder.path()); }

  std::string content() const { return test::text_of(folder / "LCK..ttyUSB2"); }

  void write(const std::string& text) const { test::write_text(folder / "LCK..ttyUSB2", text); }

  TemporaryDirectory folder;
};

TEST_F(UucpLocks, AreWrittenAsTheStandardHasItAndTakenAway) {
  {
    auto lock = take();
    ASSERT_TRUE(lock);
    EXPECT_EQ(content().size(), 11U);
    EXPECT_EQ(std::stol(content()), getpid());
    EXPECT_EQ(content().back(), '\n');
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(UucpLocks, OfALivingProcessAreRespected) {
  write("         1\n");
  auto lock = take();
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, Code::busy);
  EXPECT_THAT(lock.error().what, AllOf(HasSubstr("/dev/ttyUSB2 is in use by "), HasSubstr("(process 1)")));
  EXPECT_EQ(content(), "         1\n");
}

TEST_F(UucpLocks, OfNobodyAreReplaced) {
  for (const auto* text : {"2147483600\n", "", "pppd\n", "-1\n", "0\n", "99999999999999999999\n"}) {
    write(text);
    EXPECT_TRUE(take()) << text;
  }
}

TEST_F(UucpLocks, ThatCantBeWrittenStopNobody) {
  EXPECT_TRUE(UucpLock::take("/dev/ttyUSB2", "/nowhere/at/all"));
  std::filesystem::create_directory(folder / "LCK..ttyUSB2");
  EXPECT_TRUE(take());
}

}  // namespace
}  // namespace modemedic::usb
