#include "operation/gps.h"

#include "operation/at_port.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration at_patience = 10s;
constexpr std::size_t longest_sentence = 82;  ///< NMEA 0183, with $ and line end
constexpr std::size_t most_bytes = 65536;     ///< of noise, until it is no NMEA port

/// The vendor's codes for "it is so already".
constexpr std::string_view on_already = "+CME ERROR: 504";
constexpr std::string_view off_already = "+CME ERROR: 505";

Result<bool> is_on(AtPort& port) {
  TRY_ASSIGN(auto answer, port.ask("AT+QGPS?"));
  return std::ranges::find(answer.lines, "+QGPS: 1") != answer.lines.end();
}

/// "$GPGGA,120000.0,…*47": talker, text, and the xor of all between $ and *.
bool is_sentence(std::string_view line) {
  auto star = line.rfind('*');
  if (line.size() > longest_sentence || !line.starts_with('$') || star == std::string_view::npos) {
    return false;
  }
  unsigned sum = 0;
  for (auto c : line.substr(1, star - 1)) {
    sum ^= static_cast<unsigned char>(c);
  }
  return line.substr(star + 1) == fmt::format("{:02X}", sum);
}

}  // namespace

Result<Switched> switch_gps(usb::Bus& bus, const Found& modem, bool on) {
  TRY_ASSIGN(auto port, AtPort::open(bus, modem.device, Deadline::in(bus.clock(), at_patience)));
  TRY_ASSIGN(auto answer, port.tell(on ? "AT+QGPS=1" : "AT+QGPSEND"));
  auto already = answer.final == (on ? on_already : off_already);
  if (!answer.ok() && !already) {
    return fail(Code::device_refused)
        .what(
            fmt::format("the modem refuses to switch its receiver {} ({})", on ? "on" : "off", printable(answer.final)))
        .hint("not every module has one: AT+QGPS=? tells");
  }
  TRY_ASSIGN(auto now_on, is_on(port));
  if (now_on != on) {
    return fail(Code::device_refused)
        .what(fmt::format("the modem took the command, but its receiver is {}", now_on ? "on" : "off"))
        .hint("restart it (modemedic at AT+CFUN=1,1) and try again");
  }
  return already ? Switched::already : Switched::now;
}

Result<std::optional<std::string>> first_sentence(usb::Bus& bus, const Found& modem, Deadline deadline) {
  auto number = knowledge::nmea_interface(modem.device.fingerprint);
  if (!number) {
    return fail(Code::no_modem)
        .what("the modem shows no NMEA interface in this USB composition")
        .hint("AT+QCFG=\"usbcfg\" with nmea set to 1 brings it back");
  }
  TRY_ASSIGN(auto pipe, bus.open(modem.device, *number));
  std::array<std::byte, 4096> buffer{};
  std::string text;
  for (std::size_t heard = 0; heard < most_bytes;) {
    auto count = pipe->receive(buffer, deadline);
    if (!count && count.error().code == Code::timeout) {
      break;
    }
    TRY_ASSIGN(auto size, std::move(count));
    heard += size;
    text += as_text(ByteView(buffer).first(size));
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      auto line = text.substr(0, end);
      text.erase(0, end + 1);
      std::erase(line, '\r');
      if (is_sentence(line)) {
        return line;
      }
    }
    if (deadline.passed(bus.clock())) {
      break;
    }
  }
  return std::optional<std::string>();
}

}  // namespace modemedic::operation
