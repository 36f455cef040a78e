#include "usb/driver_guardian.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>

#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace modemedic::usb {

namespace {

constexpr char verb_took = 't';
constexpr char verb_gave_back = 'g';
constexpr char verb_done = 'd';

/// What goes through the pipe: small enough to go whole.
using Word = std::array<unsigned char, 4>;

constexpr std::size_t most_taken = 64;
/// The kernel closes a dead process's files one by one: the pipe may end before the device does.
constexpr int most_attempts = 500;
constexpr timespec between_attempts{.tv_sec = 0, .tv_nsec = 10'000'000};

/// "/dev/bus/usb/001/007", made without calls that take locks.
std::array<char, 24> node_of(const TakenInterface& taken) {
  std::array<char, 24> path{"/dev/bus/usb/000/000"};
  auto write_number = [&path](std::size_t at, unsigned number) {
    path[at] = static_cast<char>('0' + number / 100);
    path[at + 1] = static_cast<char>('0' + number / 10 % 10);
    path[at + 2] = static_cast<char>('0' + number % 10);
  };
  write_number(13, taken.bus);
  write_number(17, taken.device);
  return path;
}

/// The interfaces that the guardian has been told of and that are not back yet.
class Table {
public:
  void add(const TakenInterface& taken) {
    if (count_ < entries_.size()) {
      entries_[count_++] = taken;
    }
  }

  void remove(const TakenInterface& taken) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (entries_[i] == taken) {
        entries_[i] = entries_[--count_];
        return;
      }
    }
  }

  bool empty() const { return count_ == 0; }

  void give_back_all(DriverGuardian::GiveBack give_back) {
    for (std::size_t i = count_; i > 0; --i) {
      if (give_back(entries_[i - 1])) {
        entries_[i - 1] = entries_[--count_];
      }
    }
  }

private:
  std::array<TakenInterface, most_taken> entries_{};
  std::size_t count_ = 0;
};

/// The life of the guardian. It is the fork of a program that may have had threads: no allocation, no stdio, only what
/// POSIX calls async-signal-safe.
[[noreturn]] void guard(int pipe, DriverGuardian::GiveBack give_back) {
  setsid();  // Ctrl-C, or the kill of a whole process group, is not for it
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  prctl(PR_SET_NAME, "modemedic-guard");
  constexpr int ours = 0;
  if (dup2(pipe, ours) != ours) {
    _exit(1);
  }
  close_range(ours + 1, ~0U, 0);
  Table table;
  for (Word word{};;) {
    auto count = read(ours, word.data(), word.size());
    TakenInterface taken{word[1], word[2], word[3]};
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count != static_cast<ssize_t>(word.size())) {
      break;  // the end of the pipe: the program has died
    }
    if (word[0] == verb_took) {
      table.add(taken);
    } else if (word[0] == verb_gave_back) {
      table.remove(taken);
    } else {
      _exit(0);
    }
  }
  for (int attempt = 0; attempt < most_attempts && !table.empty(); ++attempt) {
    table.give_back_all(give_back);
    nanosleep(&between_attempts, nullptr);
  }
  _exit(0);
}

}  // namespace

bool attach_kernel_driver(const TakenInterface& taken) {
  auto path = node_of(taken);
  auto device = open(path.data(), O_RDWR | O_CLOEXEC);
  if (device < 0) {
    return true;  // it has left: the kernel finds drivers for what comes
  }
  usbdevfs_getdriver holder{};
  holder.interface = taken.interface_number;
  auto held = ioctl(device, USBDEVFS_GETDRIVER, &holder) == 0;
  auto by_program = held && std::strcmp(holder.driver, "usbfs") == 0;
  if (!held) {
    usbdevfs_ioctl connect{};
    connect.ifno = taken.interface_number;
    connect.ioctl_code = USBDEVFS_CONNECT;
    ioctl(device, USBDEVFS_IOCTL, &connect);
  }
  close(device);
  return !by_program;
}

std::unique_ptr<DriverGuardian> DriverGuardian::start(GiveBack give_back) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return nullptr;
  }
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  auto process = fork();
  if (process < 0) {
    return nullptr;
  }
  if (process == 0) {
    guard(reading.get(), give_back);
  }
  return std::unique_ptr<DriverGuardian>(new DriverGuardian(process, std::move(writing)));
}

DriverGuardian::~DriverGuardian() {
  tell(verb_done, {});
  waitpid(process_, nullptr, 0);
}

void DriverGuardian::took(const TakenInterface& taken) const {
  tell(verb_took, taken);
}

void DriverGuardian::gave_back(const TakenInterface& taken) const {
  tell(verb_gave_back, taken);
}

/// A guardian that somebody has killed is one that can't help: SIGPIPE is ignored by the program, the error by us.
void DriverGuardian::tell(char verb, const TakenInterface& taken) const {
  Word word{static_cast<unsigned char>(verb), taken.bus, taken.device, taken.interface_number};
  static_cast<void>(write(pipe_.get(), word.data(), word.size()) > 0);
}

}  // namespace modemedic::usb
