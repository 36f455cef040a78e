#pragma once

#include <stop_token>
#include <thread>

namespace modemedic::app {

/// SIGINT and SIGTERM as a stop_token. The first one asks to stop; the second ends the process at once, with the
/// contract's exit code 10. Made before any other thread, so that all of them leave the signals to it.
class Interrupt {
public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return source_.get_token(); }

private:
  std::stop_source source_;
  std::thread waiter_;
};

}  // namespace modemedic::app
