#include "protocol/fastboot_host.h"

#include <charconv>

#include <fmt/format.h>

namespace modemedic::protocol {

namespace {

constexpr std::size_t longest_command = 64;

/// Longer than any boot loader's answer; later ones than little-kernel say up to 256 bytes.
constexpr std::size_t longest_answer = 256;

/// `getvar:all` on the most talkative boot loaders brings some hundred lines.
constexpr std::size_t most_infos = 1000;

constexpr std::string_view power_cycle_hint = "take all power from the modem for some seconds, and start again";

}  // namespace

FastbootHost::FastbootHost(std::string command, Duration patience, std::uint64_t data)
    : command_(std::move(command)), patience_(patience), size_(data), data_(data > 0 ? Data::awaited : Data::none) {
  if (command_.empty() || command_.size() > longest_command) {
    fail_with(fail(Code::bug).what(fmt::format("a fastboot command of {} bytes", command_.size())));
  }
}

void FastbootHost::feed(ByteView transfer) {
  if (done_ || !failure_.empty() || !sent_) {
    return;  // an answer to what was not asked: left over from another host
  }
  auto answer = as_text(transfer);
  auto kind = answer.substr(0, 4);
  auto text = std::string(answer.substr(kind.size(), longest_answer));
  if (kind == "INFO") {
    if (reply_.infos.size() == most_infos) {
      return fail_with(fail(Code::device_protocol)
                           .what(fmt::format("the boot loader talks without end about {}", printable(command_)))
                           .hint(std::string(power_cycle_hint)));
    }
    reply_.infos.push_back(std::move(text));
  } else if (kind == "DATA" && data_ == Data::awaited) {
    take_data_request(text);
  } else if (kind == "OKAY" && (data_ == Data::awaited || data_ == Data::asked_for)) {
    fail_with(fail(Code::device_protocol)
                  .what(fmt::format("the boot loader says OKAY to {} before it has the data", printable(command_)))
                  .hint(std::string(power_cycle_hint)));
  } else if (kind == "OKAY" || kind == "FAIL") {
    reply_.okay = kind == "OKAY";
    reply_.text = std::move(text);
    done_ = true;
  } else if (!transfer.empty()) {
    fail_with(fail(Code::device_protocol)
                  .what(fmt::format("the boot loader answered {} with \"{}\"", printable(command_),
                                    printable(answer, longest_command)))
                  .hint(std::string(power_cycle_hint)));
  }
}

void FastbootHost::take_data_request(std::string_view digits) {
  std::uint64_t wanted = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), wanted, 16);
  auto understood = digits.size() == 8 && error == std::errc{} && end == digits.data() + digits.size();
  if (!understood || wanted != size_) {
    return fail_with(fail(Code::device_protocol)
                         .what(fmt::format("the boot loader was told of {} bytes and asks for {}", size_,
                                           understood ? std::to_string(wanted) : '"' + printable(digits) + '"'))
                         .hint(std::string(power_cycle_hint)));
  }
  data_ = Data::asked_for;
}

void FastbootHost::timed_out() {
  if (!done_ && failure_.empty()) {
    fail_with(fail(Code::timeout)
                  .what(fmt::format("the boot loader does not answer {}", printable(command_)))
                  .hint(std::string(power_cycle_hint)));
  }
}

FastbootHost::Action FastbootHost::next() {
  if (!failure_.empty()) {
    return Failed{failure_.front()};
  }
  if (done_) {
    return Done{};
  }
  if (!sent_) {
    sent_ = true;
    auto bytes = as_bytes(command_);
    return Send{Buffer(bytes.begin(), bytes.end()), Zlp::never};
  }
  if (data_ == Data::asked_for) {
    data_ = Data::sent;
    return SendImage{.length = size_, .zlp = Zlp::never};
  }
  return Await{patience_};
}

void FastbootHost::fail_with(Error error) {
  failure_.push_back(std::move(error));
}

}  // namespace modemedic::protocol
