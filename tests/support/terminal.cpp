#include "support/terminal.h"

#include "support/command.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace modemedic::tests {

OnTerminal::OnTerminal(const std::vector<std::string>& arguments, unsigned short columns, const std::string& typed) {
  ProgramLine line(arguments);
  terminal_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  std::array<char, 128> name{};
  if (terminal_ < 0 || grantpt(terminal_) != 0 || unlockpt(terminal_) != 0 ||
      ptsname_r(terminal_, name.data(), name.size()) != 0) {
    throw std::runtime_error("no terminal");
  }
  winsize size{};
  size.ws_col = columns;
  size.ws_row = 24;
  ioctl(terminal_, TIOCSWINSZ, &size);
  auto side = open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (side < 0) {
    throw std::runtime_error("no other side of the terminal");
  }
  type(typed);
  pid_ = fork();
  if (pid_ == 0) {  // nothing but system calls from here on
    setsid();
    ioctl(side, TIOCSCTTY, 0);  // its controlling terminal: Ctrl-C reaches it
    dup2(side, STDIN_FILENO);
    dup2(side, STDOUT_FILENO);
    dup2(side, STDERR_FILENO);
    execv(MODEMEDIC_PROGRAM, line.argv());
    _exit(127);
  }
  close(side);
}

OnTerminal::~OnTerminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(terminal_);
}

void OnTerminal::type(const std::string& keys) const {
  if (write(terminal_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
    throw std::runtime_error("the terminal takes no keys");
  }
}

bool OnTerminal::wait_for(const std::string& text) {
  while (screen_.find(text) == std::string::npos) {
    if (!read_more()) {
      return false;
    }
  }
  return true;
}

int OnTerminal::wait() {
  while (read_more()) {
  }
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool OnTerminal::read_more() {
  constexpr auto patience_ms = 30'000;
  pollfd fd{terminal_, POLLIN, 0};
  std::array<char, 4096> buffer{};
  if (poll(&fd, 1, patience_ms) <= 0) {
    return false;
  }
  auto count = read(terminal_, buffer.data(), buffer.size());
  for (auto i = ssize_t{0}; i < count; ++i) {
    if (buffer[static_cast<std::size_t>(i)] != '\r') {
      screen_ += buffer[static_cast<std::size_t>(i)];
    }
  }
  return count > 0;  // EIO: nobody has the terminal open any more
}

}  // namespace modemedic::tests
