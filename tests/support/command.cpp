#include "support/command.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace modemedic::tests {

namespace {

struct PipeEnds {
  int read = -1;
  int write = -1;
};

PipeEnds make_pipe() {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  return {ends[0], ends[1]};
}

void keep_state_here() {
  static const TempDir state;
  setenv("XDG_STATE_HOME", state.path().c_str(), 1);
}

pid_t spawn(const std::vector<std::string>& arguments, int out, int err) {
  ProgramLine line(arguments);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  auto failed = posix_spawn(&pid, MODEMEDIC_PROGRAM, &actions, nullptr, line.argv(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    throw std::runtime_error("cannot start " MODEMEDIC_PROGRAM);
  }
  return pid;
}

int reap(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Reads what is there; false at the end of the stream.
bool read_into(int fd, std::string& text) {
  char buffer[65536];
  auto count = read(fd, buffer, sizeof buffer);
  if (count > 0) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return count > 0;
}

std::vector<std::string> serving(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"virtual", "serve", "--listen", "127.0.0.1:0"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace

ProgramLine::ProgramLine(const std::vector<std::string>& arguments) : words_{MODEMEDIC_PROGRAM} {
  keep_state_here();
  words_.insert(words_.end(), arguments.begin(), arguments.end());
  for (auto& word : words_) {
    pointers_.push_back(word.data());
  }
  pointers_.push_back(nullptr);
}

Ended run(const std::vector<std::string>& arguments) {
  auto out = make_pipe();
  auto err = make_pipe();
  auto pid = spawn(arguments, out.write, err.write);
  close(out.write);
  close(err.write);
  Ended ended;
  pollfd fds[2] = {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    poll(fds, 2, -1);
    for (auto i : {0, 1}) {
      if (fds[i].fd >= 0 && fds[i].revents != 0 && !read_into(fds[i].fd, i == 0 ? ended.out : ended.err)) {
        fds[i].fd = -1;
      }
    }
  }
  close(out.read);
  close(err.read);
  ended.exit = reap(pid);
  return ended;
}

Background::Background(const std::vector<std::string>& arguments) {
  auto out = make_pipe();
  pid_ = spawn(arguments, out.write, out.write);
  close(out.write);
  out_ = out.read;
}

Background::~Background() {
  kill();
  close(out_);
}

void Background::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    reap(pid_);
    pid_ = -1;
  }
}

void Background::signal(int number) {
  ::kill(pid_, number);
}

int Background::wait() {
  constexpr auto patience_ms = 60'000;
  while (read_more(patience_ms)) {
  }
  return reap(std::exchange(pid_, -1));
}

int Background::interrupt() {
  signal(SIGINT);
  return wait();
}

bool Background::read_more(int timeout_ms) {
  pollfd fd{out_, POLLIN, 0};
  return poll(&fd, 1, timeout_ms) > 0 && read_into(out_, seen_);
}

bool Background::wait_for(const std::string& text) {
  auto whole_line = [&] {
    auto at = seen_.find(text);
    return at != std::string::npos && seen_.find('\n', at) != std::string::npos;
  };
  constexpr auto patience_ms = 30'000;
  while (!whole_line()) {
    if (!read_more(patience_ms)) {
      return false;
    }
  }
  return true;
}

bool Background::has_said(const std::string& text) {
  while (read_more(0)) {
  }
  return seen_.find(text) != std::string::npos;
}

Serve::Serve(const std::vector<std::string>& arguments) : Background(serving(arguments)) {
  const std::string mark = "listening 127.0.0.1:";
  if (!wait_for(mark)) {
    throw std::runtime_error("virtual serve did not start: " + said());
  }
  auto at = said().find(mark) + mark.size();
  port_ = said().substr(at, said().find('\n', at) - at);
}

TempDir::TempDir() {
  auto name = (std::filesystem::temp_directory_path() / "modemedic-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no temporary folder");
  }
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace modemedic::tests
