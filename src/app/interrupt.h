#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace modemedic::app {

/// SIGINT and SIGTERM as a stop_token. The first one asks to stop; the one after that ends the process at once, with
/// the contract's exit code 10. Made before any other thread, so that all of them leave the signals to it.
class Interrupt {
public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return source_.get_token(); }

  /// From now on a Ctrl-C is first answered with what `consequence` says stopping would leave, if it says anything, and
  /// only the next one stops. SIGTERM comes from no person who could read: it stops. Called on the waiter's thread.
  void think_twice(std::function<std::string()> consequence);

private:
  bool is_talked_out_of_it(int signal);

  std::mutex mutex_;
  std::function<std::string()> consequence_;
  bool told_ = false;  ///< the waiter's own
  std::stop_source source_;
  std::thread waiter_;
};

}  // namespace modemedic::app
