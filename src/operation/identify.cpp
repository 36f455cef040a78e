#include "operation/identify.h"

#include "operation/at_port.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace modemedic::operation {

namespace {

using protocol::AtAnswer;

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The line of ATI between the maker and the revision.
std::string model_in(const AtAnswer& ati) {
  auto revision = std::find_if(ati.lines.begin(), ati.lines.end(),
                               [](const std::string& line) { return line.starts_with("Revision:"); });
  return revision - ati.lines.begin() >= 2 ? *(revision - 1) : std::string();
}

/// IMEI: 15 bare digits; a modem whose EFS is lost answers 0 or ERROR.
std::string imei_in(const AtAnswer& cgsn) {
  auto imei = std::find_if(cgsn.lines.begin(), cgsn.lines.end(),
                           [](const std::string& line) { return line.size() == 15 && all_digits(line); });
  return imei == cgsn.lines.end() ? std::string() : *imei;
}

std::string cfun_in(const AtAnswer& answer) {
  constexpr std::string_view prefix = "+CFUN: ";
  auto line = std::find_if(answer.lines.begin(), answer.lines.end(),
                           [&](const std::string& l) { return l.starts_with(prefix); });
  return line == answer.lines.end() ? std::string() : line->substr(prefix.size());
}

/// Shortly after its boot a modem shows a sub-version that is not its own yet, or nothing.
bool ready(const std::string& revision) {
  return !revision.empty() && !revision.ends_with("_01.016.00.000");
}

/// The line that follows the grammar; a line that doesn't is shown as it is rather than guessed at.
std::string revision_in(const AtAnswer& answer) {
  auto revision = std::find_if(answer.lines.begin(), answer.lines.end(),
                               [](const std::string& line) { return firmware::parse_revision(line).has_value(); });
  if (revision != answer.lines.end()) {
    return *revision;
  }
  return answer.lines.empty() ? std::string() : answer.lines.front();
}

/// QGMR, or CGMR where it errs (EC20 9x15); asked until it is ready or the deadline has passed.
Result<std::string> ask_revision(AtPort& port, const Clock& clock, Deadline deadline) {
  for (;;) {
    TRY_ASSIGN(auto answer, port.ask("AT+QGMR"));
    if (!answer.ok()) {
      TRY_ASSIGN(answer, port.ask("AT+CGMR"));
    }
    auto revision = answer.ok() ? revision_in(answer) : std::string();
    if (ready(revision)) {
      return revision;
    }
    if (deadline.passed(clock)) {
      return std::string();
    }
    TRY(port.pause());
  }
}

}  // namespace

Result<Identity> identify(usb::Bus& bus, const usb::DeviceInfo& modem, Deadline deadline, Events& events) {
  TRY_ASSIGN(auto port, AtPort::open(bus, modem, deadline));
  Identity identity;
  TRY_ASSIGN(auto ati, port.ask("ATI"));
  identity.model = model_in(ati);
  TRY_ASSIGN(identity.revision, ask_revision(port, bus.clock(), deadline));
  TRY_ASSIGN(auto cgsn, port.ask("AT+CGSN"));
  identity.imei = imei_in(cgsn);
  TRY_ASSIGN(auto cfun, port.ask("AT+CFUN?"));
  identity.cfun = cfun_in(cfun);
  auto shown = [](const std::string& text) { return text.empty() ? std::string("unknown") : printable(text); };
  events.emit(event::Log{event::Log::Level::info, fmt::format("{}, revision {}, CFUN {}", shown(identity.model),
                                                              shown(identity.revision), shown(identity.cfun))});
  return identity;
}

}  // namespace modemedic::operation
