#include "usb/driver_guardian.h"

#include "support/tool.h"

#include <algorithm>
#include <csignal>
#include <functional>
#include <sstream>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

namespace modemedic::usb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// Where the guardian notes what it gave back, for the test to read; and how often it is to be told "not yet".
std::array<char, 256> notes{};
int refusals = 0;

bool note(const TakenInterface& taken) {
  if (refusals-- > 0) {
    return false;
  }
  auto file = open(notes.data(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::array<char, 2> text{static_cast<char>('0' + taken.interface_number), '\n'};
  auto written = write(file, text.data(), text.size());
  close(file);
  return written == 2;
}

class Guardian : public testing::Test {
public:
  ~Guardian() override { notes.fill(0); }

protected:
  Guardian() {
    std::ranges::copy(folder / "notes", notes.begin());
    refusals = 0;
  }

  /// A program that takes interfaces under a guardian, and how it then ends.
  static pid_t program(const std::function<void(DriverGuardian&)>& life) {
    auto process = fork();
    if (process == 0) {
      auto guardian = DriverGuardian::start(&note);
      life(*guardian);
      guardian.reset();
      _exit(0);
    }
    return process;
  }

  static void reap(pid_t process) { waitpid(process, nullptr, 0); }

  /// What was given back, once that is `count` interfaces; or what there is after some time.
  std::vector<std::string> given_back(std::size_t count) const {
    std::vector<std::string> lines;
    for (int i = 0; i < (count == 0 ? 20 : 500); ++i) {
      std::istringstream text(test::text_of(folder / "notes"));
      lines.clear();
      for (std::string line; std::getline(text, line);) {
        lines.push_back(line);
      }
      if (count > 0 && lines.size() >= count) {
        break;
      }
      usleep(10'000);
    }
    return lines;
  }

  test::TemporaryDirectory folder;
};

constexpr TakenInterface diag{1, 7, 0};
constexpr TakenInterface at{1, 7, 2};

TEST_F(Guardian, GivesBackWhatTheDeadHadTaken) {
  reap(program([](auto& guardian) {
    guardian.took(diag);
    guardian.took(at);
    raise(SIGKILL);
  }));
  EXPECT_THAT(given_back(2), UnorderedElementsAre("0", "2"));
}

TEST_F(Guardian, GivesBackNothingTwice) {
  reap(program([](auto& guardian) {
    guardian.took(diag);
    guardian.took(at);
    guardian.gave_back(diag);
    raise(SIGKILL);
  }));
  EXPECT_THAT(given_back(1), ElementsAre("2"));
}

TEST_F(Guardian, ActsOnAnExitThatUnwindsNothing) {
  reap(program([](auto& guardian) {
    guardian.took(at);
    _exit(10);  // as after a second Ctrl-C
  }));
  EXPECT_THAT(given_back(1), ElementsAre("2"));
}

TEST_F(Guardian, HasNothingToDoAfterACleanEnd) {
  auto process = program([](auto& guardian) { guardian.took(at); });
  reap(process);
  EXPECT_THAT(given_back(0), IsEmpty());
}

TEST_F(Guardian, TriesAgainWhileTheKernelStillClosesFiles) {
  refusals = 5;
  reap(program([](auto& guardian) {
    guardian.took(at);
    raise(SIGKILL);
  }));
  EXPECT_THAT(given_back(1), ElementsAre("2"));
}

TEST_F(Guardian, OutlivesTheKillOfAWholeGroupAndCtrlC) {
  for (auto signal : {SIGINT, SIGTERM, SIGHUP, SIGKILL}) {
    std::error_code ignored;
    std::filesystem::remove(folder / "notes", ignored);
    auto process = program([](auto& guardian) {
      setpgid(0, 0);
      guardian.took(at);
      test::write_text(std::string(notes.data()) + ".ready", "");
      pause();
    });
    while (!std::filesystem::exists(folder / "notes.ready")) {
      usleep(1000);
    }
    std::filesystem::remove(folder / "notes.ready");
    kill(-process, signal);
    reap(process);
    EXPECT_THAT(given_back(1), ElementsAre("2")) << "signal " << signal;
  }
}

/// What it inherited would otherwise keep locks, devices and pipes of the dead.
TEST_F(Guardian, HoldsNothingOfTheDead) {
  refusals = 1'000'000;
  int output[2];
  ASSERT_EQ(pipe(output), 0);
  auto process = program([&](auto& guardian) {
    auto lock = open((folder / "lock").c_str(), O_RDWR | O_CREAT, 0600);
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
      _exit(1);
    }
    // The guardian was there before the lock; one that starts with it open must let it go too.
    auto second = DriverGuardian::start(&note);
    second->took(at);
    guardian.took(at);
    usleep(50'000);
    raise(SIGKILL);
  });
  close(output[1]);
  reap(process);
  auto lock = open((folder / "lock").c_str(), O_RDWR);
  EXPECT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
  close(lock);
  char nothing = 0;
  EXPECT_EQ(read(output[0], &nothing, 1), 0) << "somebody still holds the other end";
  close(output[0]);
}

TEST_F(Guardian, MayBeKilledWithoutHarm) {
  auto process = fork();
  if (process == 0) {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    auto guardian = DriverGuardian::start(&note);
    kill(guardian->process(), SIGKILL);
    usleep(50'000);
    guardian->took(at);
    guardian->gave_back(at);
    guardian.reset();
    _exit(7);
  }
  int status = 0;
  waitpid(process, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(KernelDriver, OfADeviceThatHasLeftIsNobodysConcern) {
  EXPECT_TRUE(attach_kernel_driver({255, 255, 0}));
}

}  // namespace
}  // namespace modemedic::usb
