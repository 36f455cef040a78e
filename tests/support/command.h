#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace modemedic::tests {

/// The command line of the modemedic that was built with these tests, for execv() and its like. What it remembers goes
/// with the tests: never into the state folder of who runs them.
class ProgramLine {
public:
  explicit ProgramLine(const std::vector<std::string>& arguments);
  ProgramLine(const ProgramLine&) = delete;
  ProgramLine& operator=(const ProgramLine&) = delete;

  char* const* argv() const { return pointers_.data(); }

private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

/// How a command ended.
struct Ended {
  int exit = -1;
  std::string out;
  std::string err;
};

/// Runs the modemedic that was built with these tests, to its end.
Ended run(const std::vector<std::string>& arguments);

/// A modemedic that runs beside the test; killed and reaped when it goes out of scope.
class Background {
public:
  explicit Background(const std::vector<std::string>& arguments);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Ends it at once, as a crash does.
  void kill();

  /// Sends a signal: SIGINT is Ctrl-C.
  void signal(int number);

  /// Waits until it ends by itself, at most a minute.
  /// @return its exit code
  int wait();

  /// Asks it to end as Ctrl-C does, and waits.
  /// @return its exit code
  int interrupt();

  /// Reads its output until a line contains `text`, at most 30 s.
  bool wait_for(const std::string& text);

  /// Whether what it printed so far has this text.
  bool has_said(const std::string& text);

  /// What it has printed, results and log.
  const std::string& said() const { return seen_; }

private:
  bool read_more(int timeout_ms);

  pid_t pid_ = -1;
  int out_ = -1;
  std::string seen_;
};

/// A `modemedic virtual serve` on a free port.
class Serve : public Background {
public:
  /// @param arguments  what follows `virtual serve`; --listen 127.0.0.1:0 is added
  explicit Serve(const std::vector<std::string>& arguments);

  /// "usbip:127.0.0.1:40123", for --bus
  std::string bus() const { return "usbip:127.0.0.1:" + port_; }

  const std::string& port() const { return port_; }

private:
  std::string port_;
};

/// A folder of its own under the temporary directory, removed at the end.
class TempDir {
public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  const std::string& path() const { return path_; }

private:
  std::string path_;
};

}  // namespace modemedic::tests
