// bench_measure COMMAND…: runs it with its stdout thrown away and prints "seconds cpu_seconds peak_KiB exit".

#include <chrono>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2) {
    return 2;
  }
  auto start = std::chrono::steady_clock::now();
  auto child = fork();
  if (child == 0) {
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  int status = 0;
  rusage used{};
  wait4(child, &status, 0, &used);
  auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  auto in_seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  auto cpu = in_seconds(used.ru_utime) + in_seconds(used.ru_stime);
  fmt::print("{:.4f} {:.4f} {} {}\n", seconds, cpu, used.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 0;
}
