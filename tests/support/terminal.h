#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace modemedic::tests {

/// A modemedic that runs at a terminal, as a person sees it; killed and reaped when it goes out of scope.
class OnTerminal {
public:
  /// @param columns  how wide the terminal is
  /// @param typed    keys that were pressed before it was started
  OnTerminal(const std::vector<std::string>& arguments, unsigned short columns, const std::string& typed = "");
  ~OnTerminal();
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  /// Presses these keys; "\x03" is Ctrl-C.
  void type(const std::string& keys) const;

  /// Reads the screen until it shows `text`, at most 30 s.
  bool wait_for(const std::string& text);

  /// Waits until it ends, at most 30 s without a word of it.
  /// @return its exit code
  int wait();

  /// All that it has shown, lines ending with \n.
  const std::string& screen() const { return screen_; }

private:
  bool read_more();

  int terminal_ = -1;
  pid_t pid_ = -1;
  std::string screen_;
};

}  // namespace modemedic::tests
