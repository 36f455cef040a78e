#include "app/consent.h"

#include "app/terminal.h"
#include "base/bytes.h"
#include "base/wake_pipe.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace modemedic::app {

namespace {

Failure nobody(const std::string& question) {
  return fail(Code::usage).what("nobody is there to answer" + question).hint("add --yes");
}

/// The line that the person types now; nothing when work is stopped first.
Result<std::string> read_answer(const std::stop_token& stop) {
  TRY_ASSIGN(auto waker, WakePipe::make());
  std::stop_callback wake(stop, [&] { waker.wake(); });
  std::array<pollfd, 2> waited{{{STDIN_FILENO, POLLIN, 0}, {waker.readable(), POLLIN, 0}}};
  while (poll(waited.data(), waited.size(), -1) <= 0) {  // woken by a signal
  }
  if (stop.stop_requested()) {
    say("\n");
    return fail(Code::interrupted).what("stopped by the person").hint("nothing was written");
  }
  std::array<char, 256> line{};
  auto count = read(STDIN_FILENO, line.data(), line.size());
  std::string answer(line.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return answer.substr(0, answer.find('\n'));
}

}  // namespace

Result<void> ask_consent(bool yes, const operation::Found& modem, const firmware::Package& package,
                         const std::stop_token& stop) {
  return ask_consent(
      yes,
      fmt::format("write {} onto the modem at port {}?",
                  package.revision ? printable(package.revision->text) : "this package", modem.device.port),
      stop);
}

Result<void> check_consent(bool yes) {
  if (!yes && isatty(STDIN_FILENO) == 0) {
    return nobody("");
  }
  return {};
}

Result<void> ask_consent(bool yes, const std::string& question, const std::stop_token& stop) {
  if (yes) {
    return {};
  }
  if (isatty(STDIN_FILENO) == 0) {
    return nobody(": " + question);
  }
  tcflush(STDIN_FILENO, TCIFLUSH);  // what was typed before the question is no answer to it
  say(question + " It takes some minutes; don't unplug it.\n[y/N] ");
  auto answer = read_answer(stop);
  TRY(answer);
  if (*answer != "y" && *answer != "Y" && *answer != "yes") {
    return fail(Code::interrupted).what("not confirmed").hint("nothing was written");
  }
  return {};
}

}  // namespace modemedic::app
