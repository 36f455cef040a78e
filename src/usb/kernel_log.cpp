#include "usb/kernel_log.h"

#include "base/bytes.h"
#include "base/descriptor.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fcntl.h>
#include <time.h>

namespace modemedic::usb {

namespace {

constexpr std::array errors = {"device descriptor read", "device not accepting address", "unable to enumerate",
                               "can't set config", "Cannot enable"};

/// A hundred years, in microseconds: a stamp beyond it would overflow as nanoseconds.
constexpr std::int64_t longest_uptime = std::int64_t{100} * 365 * 86400 * 1'000'000;

/// "usb 1-1: " or "usb usb1-port1: " before the text; the port, empty when it is none of these.
std::string_view take_port(std::string_view& text) {
  if (!text.starts_with("usb ")) {
    return {};
  }
  text.remove_prefix(4);
  auto colon = text.find(": ");
  if (colon == std::string_view::npos) {
    return {};
  }
  auto port = text.substr(0, colon);
  text.remove_prefix(colon + 2);
  return port;
}

void take_line(std::string_view line, Duration oldest, KernelLog& log) {
  auto semicolon = line.find(';');
  auto first = line.find(',');
  auto second = first == std::string_view::npos ? first : line.find(',', first + 1);
  if (semicolon == std::string_view::npos || second == std::string_view::npos || second > semicolon) {
    return;
  }
  std::int64_t microseconds = 0;
  std::from_chars(line.data() + second + 1, line.data() + semicolon, microseconds);
  microseconds = std::clamp<std::int64_t>(microseconds, 0, longest_uptime);
  auto text = line.substr(semicolon + 1);
  auto port = take_port(text);
  constexpr std::size_t longest_port = 40;
  if (port.empty() || port.size() > longest_port || printable(port) != port ||
      std::chrono::microseconds(microseconds) < oldest) {
    return;
  }
  auto& history = log[std::string(port)];
  history.connects += text.starts_with("new ") && text.find("USB device") != std::string_view::npos ? 1U : 0U;
  history.errors += std::ranges::any_of(errors, [&](const char* words) { return text.starts_with(words); }) ? 1U : 0U;
}

}  // namespace

KernelLog parse_kernel_log(std::string_view lines, Duration now, Duration last) {
  KernelLog log;
  while (!lines.empty()) {
    auto end = lines.find('\n');
    take_line(lines.substr(0, end), now - last, log);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return log;
}

KernelLog read_kernel_log() {
  constexpr int most_records = 100'000;
  Descriptor kmsg(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  std::string lines;
  std::array<char, 8192> record{};  // each read gives one record
  for (int i = 0; kmsg.is_open() && i < most_records; ++i) {
    auto count = ::read(kmsg.get(), record.data(), record.size());
    if (count > 0) {
      lines.append(record.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EPIPE) {  // EPIPE: records were overwritten meanwhile
      break;
    }
  }
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return parse_kernel_log(lines, std::chrono::seconds(now.tv_sec), std::chrono::minutes(10));
}

}  // namespace modemedic::usb
