#include "usb/port_lock.h"

#include "support/tool.h"

#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace modemedic::usb {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;
using test::text_of;
using test::write_text;
using testing::AllOf;
using testing::HasSubstr;

constexpr uid_t nobody = 65534;

DeviceInfo on_port(const std::string& port, const std::string& companion = "") {
  return {port, 1, {}, companion};
}

class PortLocks : public testing::Test {
protected:
  PortLocks() { chmod(folder.path().c_str(), 01777); }

  auto take(const DeviceInfo& device, Purpose purpose = Purpose::job) {
    return PortLock::take("usb", device, purpose, clock, {folder.path()});
  }

  fs::path file(const std::string& port) const { return folder / ("modemedic-usb-" + port + ".lock"); }

  /// Runs `work` in a process of its own, as another user if asked, which then waits to be killed.
  pid_t elsewhere(uid_t user, const std::function<bool()>& work) {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    auto child = fork();
    if (child == 0) {
      auto fine = (user == getuid() || setuid(user) == 0) && work();
      static_cast<void>(::write(ready[1], fine ? "y" : "n", 1));
      pause();
      _exit(0);
    }
    char answer = 0;
    EXPECT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y') << "the other process failed at its work";
    close(ready[0]);
    close(ready[1]);
    return child;
  }

  static void end(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }

  SteadyClock clock;
  TemporaryDirectory folder;
};

TEST_F(PortLocks, KeepASecondOneOffThePortAndSayWhoHasIt) {
  auto first = take(on_port("1-1.4"));
  ASSERT_TRUE(first);
  auto second = take(on_port("1-1.4"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::busy);
  EXPECT_EQ(exit_code(second.error().code), 9);
  EXPECT_EQ(second.error().device, "port 1-1.4");
  EXPECT_THAT(second.error().what, AllOf(HasSubstr("process " + std::to_string(getpid()) + " since "), HasSubstr(": "),
                                         HasSubstr("test_usb")));
  EXPECT_TRUE(take(on_port("1-1.3")));
  first->reset();
  EXPECT_TRUE(take(on_port("1-1.4")));
}

TEST_F(PortLocks, CoverTheOtherHalfOfTheConnector) {
  auto first = take(on_port("2-1.4", "1-1.4"));
  ASSERT_TRUE(first);
  EXPECT_FALSE(take(on_port("1-1.4", "2-1.4")));
  EXPECT_FALSE(take(on_port("1-1.4")));
  EXPECT_FALSE(take(on_port("2-1.4")));
}

TEST_F(PortLocks, LeaveNothingBehind) {
  ASSERT_TRUE(take(on_port("2-1", "1-1")));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST_F(PortLocks, AreGoneWithTheProcessThatDies) {
  auto child = elsewhere(getuid(), [&] { return take(on_port("1-1")).value().release() != nullptr; });
  auto second = take(on_port("1-1"));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, HasSubstr("process " + std::to_string(child) + " since"));
  end(child);
  EXPECT_TRUE(fs::exists(file("1-1")));
  EXPECT_TRUE(take(on_port("1-1")));
}

TEST_F(PortLocks, WaitForAQuestionThatIsAsked) {
  auto first = take(on_port("1-1"), Purpose::question);
  ASSERT_TRUE(first);
  std::thread asker([&] {
    usleep(200'000);
    first->reset();
  });
  EXPECT_TRUE(take(on_port("1-1")));
  asker.join();
}

TEST_F(PortLocks, HoldBetweenUsersBothWays) {
  if (getuid() != 0) {
    GTEST_SKIP() << "only root can be two users";
  }
  auto child = elsewhere(nobody, [&] { return take(on_port("1-1")).value().release() != nullptr; });
  auto ours = take(on_port("1-1"));
  ASSERT_FALSE(ours);
  EXPECT_THAT(ours.error().what, HasSubstr("process " + std::to_string(child)));
  end(child);

  auto held = take(on_port("1-1"));  // over the file that nobody left behind
  ASSERT_TRUE(held);
  child = elsewhere(nobody, [&] {
    auto theirs = take(on_port("1-1"));
    return !theirs && theirs.error().code == Code::busy &&
           theirs.error().what.find("process " + std::to_string(getppid())) != std::string::npos;
  });
  end(child);
}

TEST_F(PortLocks, HoldBetweenUsersWhoShareOnlyOneFolder) {
  if (getuid() != 0) {
    GTEST_SKIP() << "only root can be two users";
  }
  TemporaryDirectory roots;
  chmod(roots.path().c_str(), 0755);
  std::vector<fs::path> folders{roots.path(), folder.path()};
  auto both = [&] { return PortLock::take("usb", on_port("1-1"), Purpose::job, clock, folders); };
  auto child = elsewhere(nobody, [&] { return both().value().release() != nullptr; });
  EXPECT_FALSE(both());
  end(child);
  auto held = both();
  ASSERT_TRUE(held);
  child = elsewhere(nobody, [&] { return both().error().code == Code::busy; });
  end(child);
}

TEST_F(PortLocks, SayWhenThereIsNoPlaceForThem) {
  auto lock = PortLock::take("usb", on_port("1-1"), Purpose::job, clock, {"/nowhere/at/all", "/proc"});
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, Code::io);
  EXPECT_FALSE(lock.error().hint.empty());
}

TEST_F(PortLocks, DontFollowLinksNorTakeWhatIsNoPlainFile) {
  auto precious = folder / "precious";
  write_text(precious, "keep me");
  fs::create_symlink(precious, file("1-1"));
  fs::create_hard_link(precious, file("1-2"));
  fs::create_directory(file("1-3"));
  ASSERT_EQ(mkfifo(file("1-4").c_str(), 0666), 0);
  for (const auto* port : {"1-1", "1-2", "1-3", "1-4"}) {
    auto lock = take(on_port(port));
    ASSERT_FALSE(lock) << port;
    EXPECT_EQ(lock.error().code, Code::permission) << port;
    EXPECT_THAT(lock.error().what, HasSubstr("is not a plain file"));
  }
  EXPECT_EQ(text_of(precious), "keep me");
}

TEST_F(PortLocks, ShowOnlyPrintableTextOfAHostileFile) {
  auto garbage = [&](const std::string& text) {
    write_text(file("1-1"), text);
    auto holder = Descriptor(open(file("1-1").c_str(), O_RDWR));
    EXPECT_EQ(flock(holder.get(), LOCK_EX), 0);
    auto lock = take(on_port("1-1"));
    EXPECT_FALSE(lock);
    EXPECT_TRUE(std::ranges::all_of(lock.error().what, [](char c) { return c >= ' ' && c <= '~'; }));
    EXPECT_LT(lock.error().what.size(), 400U);
    return lock.error().what;
  };
  EXPECT_THAT(garbage("process 12\nsince 1714567402\ncommand \x1b[2Jrm -rf /\xff\n"),
              AllOf(HasSubstr("process 12 since 20"), HasSubstr("\\x1b[2Jrm -rf /\\xff")));
  EXPECT_THAT(garbage(""), HasSubstr("does not say which"));
  EXPECT_THAT(garbage(std::string(100000, 'x')), HasSubstr("does not say which"));
  EXPECT_THAT(garbage("process -5\nsince 99999999999999999999\ncommand x"), HasSubstr("does not say which"));
  EXPECT_THAT(garbage("process 12\nsince 9223372036854775807\ncommand x"), HasSubstr("process 12: x"));
  EXPECT_THAT(garbage("process 12x\n\n\n \n"), HasSubstr("does not say which"));
}

TEST_F(PortLocks, TellWhatTheyWroteThemselves) {
  PortHolder holder{Purpose::question, 4711, 1714567402, "modemedic list"};
  auto read = parse_holder(to_text(holder));
  EXPECT_EQ(read.purpose, Purpose::question);
  EXPECT_EQ(read.process, 4711);
  EXPECT_EQ(read.since, 1714567402);
  EXPECT_EQ(read.command, "modemedic list");
}

TEST_F(PortLocks, StayInTheirFolderWhateverTheBusIsCalled) {
  auto lock = PortLock::take("usbip-../../etc", on_port("/../x\n"), Purpose::job, clock, {folder.path()});
  ASSERT_TRUE(lock);
  auto entry = *fs::directory_iterator(folder.path());
  EXPECT_EQ(entry.path().filename(), "modemedic-usbip-.._.._etc-_.._x_.lock");
}

/// Many at once on one port: never two of them inside, and each gets in after the others.
TEST_F(PortLocks, AreNeverHeldByTwo) {
  auto inside = folder / "inside";
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    auto child = fork();
    if (child == 0) {
      for (int round = 0; round < 60;) {
        auto lock = take(on_port("1-1"));
        if (!lock) {
          continue;
        }
        ++round;
        auto alone = Descriptor(open(inside.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600));
        if (!alone.is_open()) {
          _exit(1);
        }
        unlink(inside.c_str());
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (auto child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace modemedic::usb
