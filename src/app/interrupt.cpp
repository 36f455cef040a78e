#include "app/interrupt.h"

#include "app/terminal.h"
#include "base/error.h"

#include <csignal>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace modemedic::app {

namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR2);  // ours: the end of the process wakes the waiter
  return signals;
}

}  // namespace

Interrupt::Interrupt() {
  auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe or socket is an error of that write, not our death
  waiter_ = std::thread([this, signals] {
    for (auto asked = 0;;) {
      int signal = 0;
      if (sigwait(&signals, &signal) != 0 || signal == SIGUSR2) {
        return;
      }
      if (is_talked_out_of_it(signal)) {
        continue;
      }
      if (++asked > 1) {
        _exit(exit_code(Code::interrupted));
      }
      source_.request_stop();
    }
  });
}

void Interrupt::think_twice(std::function<std::string()> consequence) {
  std::scoped_lock lock(mutex_);
  consequence_ = std::move(consequence);
}

bool Interrupt::is_talked_out_of_it(int signal) {
  std::scoped_lock lock(mutex_);
  auto consequence = signal == SIGINT && !told_ && consequence_ ? consequence_() : std::string();
  if (consequence.empty()) {
    return false;
  }
  told_ = true;
  say(fmt::format("\nstopping now would leave {}.\nThe work goes on; press Ctrl-C again to stop it all the same.\n",
                  consequence));
  return true;
}

Interrupt::~Interrupt() {
  pthread_kill(waiter_.native_handle(), SIGUSR2);
  waiter_.join();
}

}  // namespace modemedic::app
