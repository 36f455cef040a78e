#pragma once

#include <csignal>

#include <sys/resource.h>

namespace modemedic::test {

/// A full disk: while it lives, neither this process nor one that it starts makes a longer file.
class LongestFile {
public:
  explicit LongestFile(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }

  ~LongestFile() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }

  LongestFile(const LongestFile&) = delete;
  LongestFile& operator=(const LongestFile&) = delete;

private:
  rlimit before_{};
};

}  // namespace modemedic::test
