#include "operation/identify.h"

#include "knowledge/state.h"
#include "operation/at_port.h"
#include "operation/emit_log.h"
#include "operation/run_diag.h"
#include "operation/text.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace modemedic::operation {

namespace {

using protocol::AtAnswer;

constexpr std::size_t longest_field = 120;  ///< characters; no answer that means anything is longer

std::string field(std::string_view text) {
  return std::string(text.substr(0, longest_field));
}

/// The line of ATI between the maker and the revision.
std::string model_in(const AtAnswer& ati) {
  auto revision = std::find_if(ati.lines.begin(), ati.lines.end(),
                               [](const std::string& line) { return line.starts_with("Revision:"); });
  return revision - ati.lines.begin() >= 2 ? field(*(revision - 1)) : std::string();
}

/// IMEI: 15 bare digits; a modem whose EFS is lost answers 0 or ERROR.
void take_imei(const AtAnswer& cgsn, Identity& identity) {
  auto imei = std::find_if(cgsn.lines.begin(), cgsn.lines.end(),
                           [](const std::string& line) { return line.size() == 15 && all_digits(line); });
  if (imei != cgsn.lines.end()) {
    identity.imei = *imei;
  } else {
    identity.imei_answer = field(cgsn.lines.empty() ? cgsn.final : cgsn.lines.front());
  }
}

/// What stands behind a prefix: `+CFUN: ` of "+CFUN: 1".
std::string behind(std::string_view prefix, const AtAnswer& answer) {
  auto line = std::find_if(answer.lines.begin(), answer.lines.end(),
                           [&](const std::string& l) { return l.starts_with(prefix); });
  return line == answer.lines.end() ? std::string() : field(std::string_view(*line).substr(prefix.size()));
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
  return answer.lines.empty() ? std::string() : field(answer.lines.front());
}

/// QGMR, or CGMR where it errs (EC20 9x15); asked until it is ready or the deadline has passed.
Result<void> ask_revision(AtPort& port, const Clock& clock, Deadline deadline, Identity& identity) {
  for (;;) {
    const auto* by = "QGMR";
    TRY_ASSIGN(auto answer, port.ask("AT+QGMR"));
    if (!answer.ok()) {
      by = "CGMR";
      TRY_ASSIGN(answer, port.ask("AT+CGMR"));
    }
    auto revision = answer.ok() ? revision_in(answer) : std::string();
    identity.revision_ready = revision.empty() || ready(revision);
    if (ready(revision)) {
      identity.revision = revision;
      identity.revision_by = by;
      return {};
    }
    if (deadline.passed(clock)) {
      return {};
    }
    TRY(port.pause());
  }
}

/// A question that not every modem answers: no answer is an answer without lines.
Result<AtAnswer> ask_if_time(AtPort& port, const Clock& clock, Deadline deadline, const std::string& question) {
  if (deadline.passed(clock)) {
    return AtAnswer{};
  }
  auto answer = port.tell(question);
  auto silent = !answer && (answer.error().code == Code::timeout || answer.error().code == Code::device_protocol);
  return silent ? Result<AtAnswer>(AtAnswer{}) : answer;
}

/// ICCID: 18 to 20 digits, on some cards with a filler F.
void take_iccid(const AtAnswer& answer, Identity& identity) {
  auto told = behind("+QCCID: ", answer);
  while (!told.empty() && (told.back() == 'F' || told.back() == 'f' || told.back() == ' ')) {
    told.pop_back();
  }
  if (all_digits(told) && told.size() >= 18 && told.size() <= 20) {
    identity.iccid = told;
  }
}

void take_fused(std::string_view prefix, const AtAnswer& answer, Identity& identity) {
  auto told = behind(prefix, answer);
  if (told == "0" || told == "1") {
    identity.fused = told == "1";
  }
}

Result<void> ask_health(AtPort& port, const Clock& clock, Deadline deadline, Identity& identity) {
  auto ask = [&](const std::string& question) { return ask_if_time(port, clock, deadline, question); };
  TRY_ASSIGN(auto pin, ask("AT+CPIN?"));
  identity.sim = pin.ok() ? behind("+CPIN: ", pin) : field(pin.final);
  TRY_ASSIGN(auto card, ask("AT+QCCID"));
  take_iccid(card, identity);
  TRY_ASSIGN(auto net, ask("AT+QCFG=\"usbnet\""));
  identity.usbnet = behind("+QCFG: \"usbnet\",", net);
  TRY_ASSIGN(auto composition, ask("AT+QCFG=\"usbcfg\""));
  identity.usbcfg = behind("+QCFG: \"usbcfg\",", composition);
  TRY_ASSIGN(auto boot, ask("AT+QSECBOOT=\"status\""));
  take_fused("+QSECBOOT: \"status\",", boot, identity);
  if (!identity.fused) {
    TRY_ASSIGN(auto status, ask("AT+QCFG=\"secbootstat\""));
    take_fused("+QCFG: \"secbootstat\",", status, identity);
  }
  return {};
}

void take_order_code(Identity& identity) {
  auto revision = firmware::parse_revision(identity.revision);
  identity.order_code = revision ? revision->order_code : std::string();
}

}  // namespace

Result<Identity> identify(usb::Bus& bus, const usb::DeviceInfo& modem, Deadline deadline, Events& events) {
  TRY_ASSIGN(auto port, AtPort::open(bus, modem, deadline));
  Identity identity;
  TRY_ASSIGN(auto ati, port.ask("ATI"));
  identity.model = model_in(ati);
  TRY(ask_revision(port, bus.clock(), deadline, identity));
  take_order_code(identity);
  TRY_ASSIGN(auto cgsn, port.ask("AT+CGSN"));
  take_imei(cgsn, identity);
  TRY_ASSIGN(auto cfun, port.ask("AT+CFUN?"));
  identity.cfun = behind("+CFUN: ", cfun);
  TRY(ask_health(port, bus.clock(), deadline, identity));
  auto shown = [](const std::string& text) { return text.empty() ? std::string("unknown") : printable(text); };
  emit_info(events, fmt::format("{}, revision {}, CFUN {}", shown(identity.model), shown(identity.revision),
                                shown(identity.cfun)));
  return identity;
}

Result<Identity> identify_by_diag(usb::Bus& bus, const usb::DeviceInfo& modem, Deadline deadline, Events& events) {
  auto interface_number = knowledge::diag_interface(modem.fingerprint);
  if (!interface_number) {
    return fail(Code::no_modem)
        .what("the modem shows no DIAG interface in this USB composition")
        .hint("AT+QCFG=\"usbcfg\" with diag set to 1 brings it back");
  }
  TRY_ASSIGN(auto pipe, bus.open(modem, *interface_number));
  TRY_ASSIGN(auto built, prove_diag(*pipe, bus.clock(), deadline));
  Identity identity;
  auto build_id = ask_build_id(*pipe, bus.clock(), deadline);
  if (!build_id && build_id.error().code != Code::timeout) {
    return fail(std::move(build_id.error()));
  }
  if (build_id) {
    identity.revision = firmware::find_revision(*build_id) ? firmware::find_revision(*build_id)->text : *build_id;
    identity.revision_by = "DIAG";
    take_order_code(identity);
  }
  emit_info(events, fmt::format("DIAG answers: built {}, revision {}", printable(built),
                                identity.revision.empty() ? "unknown" : printable(identity.revision)));
  return identity;
}

}  // namespace modemedic::operation
