#include "virtual/at_device.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

/// What QGMR shows in the first second instead of the sub-version.
constexpr std::string_view placeholder = "_01.016.00.000";

/// CFUN when RF data and EFS don't fit together, or DIAG said so: left by a restart only.
constexpr unsigned offline = 7;

struct Answer {
  std::vector<std::string> lines;
  std::string final = "OK";  ///< empty: nothing is answered
  std::optional<ModemRequest> request;
};

Answer line(std::string text) {
  return {{std::move(text)}, "OK", {}};
}

Answer final(std::string_view text) {
  return {{}, std::string(text), {}};
}

Answer ok() {
  return final("OK");
}

Answer error() {
  return final("ERROR");
}

Answer then(ModemRequest request, std::string_view text) {
  return {{}, std::string(text), request};
}

Answer if_known(const std::string& text) {
  return text.empty() ? error() : line(text);
}

Answer sim_state(const AtModem& modem) {
  return modem.sim.starts_with("+CPIN") ? line(modem.sim) : final(modem.sim);
}

/// A SIM that is locked tells its number; one that can't be read doesn't.
Answer sim_number(const AtModem& modem) {
  return modem.sim.starts_with("+CPIN") ? line("+QCCID: " + modem.iccid) : error();
}

Answer set_cfun(AtModem& modem, unsigned wanted) {
  if (wanted == 1 && (!modem.calibrated || modem.cfun == offline)) {
    return final("+CME ERROR: 3");  // RF data are missing
  }
  modem.cfun = wanted;
  return ok();
}

/// 504 and 505 are the vendor's: GNSS is on already, or off.
Answer set_gnss(AtModem& modem, bool on) {
  if (modem.gnss == on) {
    return final(on ? "+CME ERROR: 504" : "+CME ERROR: 505");
  }
  modem.gnss = on;
  return ok();
}

struct Command {
  std::string_view text;  ///< behind AT, blanks away, in capitals
  Answer (*answer)(AtModem& modem);
};

constexpr std::array commands = {
    Command{"", [](AtModem&) { return ok(); }},
    Command{"&F", [](AtModem&) { return ok(); }},
    Command{"E", [](AtModem&) { return ok(); }},
    Command{"E0", [](AtModem&) { return ok(); }},
    Command{"E1", [](AtModem&) { return ok(); }},
    Command{"I",
            [](AtModem& m) {
              return Answer{{"Quectel", m.model, "Revision: " + m.cgmr}, "OK", {}};
            }},
    Command{"+CGMI", [](AtModem&) { return line("Quectel"); }},
    Command{"+CGMM", [](AtModem& m) { return line(m.model); }},
    Command{"+CGMR", [](AtModem& m) { return if_known(m.cgmr); }},
    Command{"+QGMR",
            [](AtModem& m) {
              auto ready = m.settled || m.qgmr.empty();
              return ready ? if_known(m.qgmr) : line(m.cgmr + std::string(placeholder));
            }},
    Command{"+CGSN", [](AtModem& m) { return line(m.imei.empty() ? "0" : m.imei); }},
    Command{"+GSN", [](AtModem& m) { return line(m.imei.empty() ? "0" : m.imei); }},
    Command{"+QCCID", [](AtModem& m) { return sim_number(m); }},
    Command{"+CPIN?", [](AtModem& m) { return sim_state(m); }},
    Command{"+CFUN?", [](AtModem& m) { return line(fmt::format("+CFUN: {}", m.cfun)); }},
    Command{"+CFUN=0", [](AtModem& m) { return set_cfun(m, 0); }},
    Command{"+CFUN=1", [](AtModem& m) { return set_cfun(m, 1); }},
    Command{"+CFUN=4", [](AtModem& m) { return set_cfun(m, 4); }},
    Command{"+CFUN=1,1", [](AtModem&) { return then(ModemRequest::restart, "OK"); }},
    Command{"+QCFG=\"USBNET\"", [](AtModem& m) { return line(fmt::format("+QCFG: \"usbnet\",{}", m.usbnet)); }},
    Command{"+QCFG=\"USBCFG\"", [](AtModem& m) { return line("+QCFG: \"usbcfg\"," + m.composition); }},
    Command{"+QCFG=\"SECBOOTSTAT\"",
            [](AtModem& m) { return line(fmt::format("+QCFG: \"secbootstat\",{}", m.fused ? 1 : 0)); }},
    Command{"+QSECBOOT=\"STATUS\"",
            [](AtModem& m) { return line(fmt::format("+QSECBOOT: \"status\",{}", m.fused ? 1 : 0)); }},
    Command{"+QGPS=1", [](AtModem& m) { return set_gnss(m, true); }},
    Command{"+QGPS?", [](AtModem& m) { return line(fmt::format("+QGPS: {}", m.gnss ? 1 : 0)); }},
    Command{"+QGPSEND", [](AtModem& m) { return set_gnss(m, false); }},
    Command{"+QPOWD", [](AtModem&) { return then(ModemRequest::power_off, "OK"); }},
    Command{"+QFASTBOOT", [](AtModem&) { return then(ModemRequest::fastboot, ""); }},
};

/// A command as we compare it: blanks and control characters away, in capitals.
std::string normal(std::string_view text) {
  std::string command;
  for (auto c : text) {
    if (c > ' ') {
      command += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return command;
}

Answer execute(AtModem& modem, std::string_view text) {
  auto refused =
      std::ranges::any_of(modem.refused, [&](const std::string& beginning) { return text.starts_with(beginning); });
  if (refused) {
    return error();
  }
  const auto* command =
      std::find_if(commands.begin(), commands.end(), [text](const auto& c) { return c.text == text; });
  return command == commands.end() ? error() : command->answer(modem);
}

}  // namespace

std::string unsolicited(std::string_view text) {
  return fmt::format("\r\n{}\r\n", text);
}

AtDevice::Reply AtDevice::feed(ByteView bytes) {
  Reply reply;
  for (auto c : as_text(bytes)) {
    if (echo_) {
      reply.text += c;
    }
    if (c == '\r') {
      reply.request = line_done(reply.text);
      if (reply.request) {
        break;
      }
    } else if (line_.size() < longest) {
      line_ += c;
    } else {
      too_long_ = true;
    }
  }
  return reply;
}

std::optional<ModemRequest> AtDevice::line_done(std::string& text) {
  auto typed = normal(std::exchange(line_, {}));
  auto too_long = std::exchange(too_long_, false);
  if (!typed.starts_with("AT")) {
    return std::nullopt;  // no command line (V.250, 5.2.1): not answered
  }
  auto command = std::string_view(typed).substr(2);
  auto answer = too_long ? error() : execute(modem_, command);
  if (command.starts_with("E") || command == "&F") {
    echo_ = answer.final == "OK" ? command == "E1" || command == "&F" : echo_;
  }
  for (const auto& told : answer.lines) {
    text += (&told == &answer.lines.front() ? "\r\n" : "") + told + "\r\n";
  }
  if (!answer.final.empty()) {
    text += unsolicited(answer.final);
  }
  return answer.request;
}

}  // namespace modemedic::twin
