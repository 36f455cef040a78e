#include "protocol/at.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace modemedic::protocol {

namespace {

/// More than this without a final line is no answer: a port that streams NMEA or diagnostics for ever.
constexpr std::size_t answer_limit = 1_MiB;

bool starts_with_any(std::string_view line, const auto& prefixes) {
  return std::any_of(std::begin(prefixes), std::end(prefixes),
                     [line](std::string_view prefix) { return line.starts_with(prefix); });
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return upper(c); });
  return result;
}

bool is_final(std::string_view line, std::string_view command) {
  static constexpr std::array<std::string_view, 3> errors = {"+CME ERROR:", "+CMS ERROR:", "CONNECT"};
  static constexpr std::array<std::string_view, 4> of_calls = {"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE"};
  if (line == "OK" || line == "ERROR" || starts_with_any(line, errors)) {
    return true;
  }
  // They end a dial command; at any other time they tell of a call that somebody else made.
  auto dials = command.size() > 2 && (upper(command[2]) == 'D' || upper(command[2]) == 'A');
  return dials && starts_with_any(line, of_calls);
}

/// What a modem says on its own, seen on Quectel firmware (facts: at-diag.md) and in 3GPP TS 27.007.
bool is_unsolicited(std::string_view line, std::string_view command) {
  static constexpr std::array<std::string_view, 10> whole = {
      "RDY",  "RING",      "POWERED DOWN", "NORMAL POWER DOWN", "NO CARRIER",
      "BUSY", "NO ANSWER", "NO DIALTONE",  "SMS DONE",          "PB DONE"};
  static constexpr std::array<std::string_view, 20> prefixes = {
      "+CPIN:", "+QIND:", "+QUSIM:", "+CFUN:",  "+CREG:", "+CGREG:", "+CEREG:", "+C5GREG:", "+CMTI:", "+CMT:",
      "+CDSI:", "+CDS:",  "+CBM:",   "+CRING:", "+CLIP:", "+CCWA:",  "+CUSD:",  "+QURC:",   "+CTZV:", "+CGEV:"};
  if (std::find(whole.begin(), whole.end(), line) != whole.end()) {
    return true;
  }
  auto asked = upper(command);
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
    // AT+CPIN? is answered by +CPIN: READY, which otherwise nobody asked for.
    return line.starts_with(prefix) && asked.find(prefix.substr(0, prefix.size() - 1)) == std::string::npos;
  });
}

}  // namespace

AtHost::AtHost(std::string command, Duration patience) : command_(std::move(command)), patience_(patience) {}

void AtHost::feed(ByteView bytes) {
  for (char c : as_text(bytes)) {
    if (done_ || !failure_.empty()) {
      return;
    }
    if (++received_ > answer_limit) {
      failure_.push_back(fail(Code::device_protocol)
                             .what(fmt::format("over {} bytes came, but no end of the answer to {}", answer_limit,
                                               printable(command_)))
                             .hint("this port streams something else (NMEA, logs): use the modem's AT port"));
      return;
    }
    if (c == '\r' || c == '\n') {
      take_line(std::exchange(partial_, {}));
    } else if (c != '\0') {  // a port that wakes up sends NULs
      partial_ += c;
    }
  }
}

void AtHost::take_line(std::string line) {
  if (line.empty()) {
    return;
  }
  if (sent_ && !echoed_ && line == command_) {
    echoed_ = true;
  } else if (sent_ && is_final(line, command_)) {
    answer_.final = std::move(line);
    done_ = true;
  } else if (!sent_ || is_unsolicited(line, command_)) {
    // Before the command is sent nothing can be its answer.
    answer_.unsolicited.push_back(std::move(line));
  } else {
    answer_.lines.push_back(std::move(line));
  }
}

void AtHost::timed_out() {
  if (done_ || !failure_.empty()) {
    return;
  }
  auto silent = answer_.lines.empty() && partial_.empty();
  failure_.push_back(fail(Code::timeout)
                         .what(fmt::format("{} {}", silent ? "no answer to" : "the answer stopped in the middle of",
                                           printable(command_)))
                         .hint("a modem that boots is silent for up to a minute; in a boot mode it stays silent"));
}

AtHost::Action AtHost::next() {
  if (!failure_.empty()) {
    return Failed{failure_.front()};
  }
  if (done_) {
    return Done{};
  }
  if (!sent_) {
    sent_ = true;
    partial_.clear();
    auto line = command_ + "\r";
    auto bytes = as_bytes(line);
    return Send{Buffer(bytes.begin(), bytes.end())};
  }
  return Await{patience_};
}

}  // namespace modemedic::protocol
