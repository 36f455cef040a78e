#include "app/consent.h"

#include "base/bytes.h"

#include <cstdio>
#include <iostream>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace modemedic::app {

Result<void> ask_consent(bool yes, const operation::Found& modem, const firmware::Package& package) {
  return ask_consent(
      yes, fmt::format("write {} onto the modem at port {}?",
                       package.revision ? printable(package.revision->text) : "this package", modem.device.port));
}

Result<void> ask_consent(bool yes, const std::string& question) {
  if (yes) {
    return {};
  }
  if (isatty(STDIN_FILENO) == 0) {
    return fail(Code::usage).what("nobody is there to answer: " + question).hint("add --yes");
  }
  fmt::print(stderr, "{} It takes about two minutes; don't unplug it. [y/N] ", question);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "Y" && answer != "yes") {
    return fail(Code::interrupted).what("not confirmed").hint("nothing was sent to the modem");
  }
  return {};
}

}  // namespace modemedic::app
