#include "protocol/firehose_host.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace modemedic::protocol {

using namespace std::chrono_literals;
using firehose::Element;

namespace {

/// A programmer greets about 1 s after its start.
constexpr Duration greeting_patience = 5s;
/// Between two lines of a longer greeting (SDX24 and later).
constexpr Duration greeting_gap = 300ms;
constexpr Duration command_patience = 15s;
/// An erase of many blocks takes over 15 s without a word; the last pages of a program wait for the flash.
constexpr Duration flash_patience = 60s;

/// More than this for one command is a programmer that logs without end: an erase names each bad block in a line, and
/// a chip has 2048 blocks.
constexpr std::size_t most_log_lines = 5'000;
constexpr std::size_t most_reply_bytes = 4_MiB;

/// Of the commands a programmer says it knows; the parser of a 9x07 takes tags of 30 characters.
constexpr std::size_t most_functions = 64;
constexpr std::size_t longest_function = 30;

constexpr std::uint32_t largest_payload = 1_MiB;
constexpr std::uint32_t packet = 512;

constexpr std::string_view power_hint =
    "take all power from the modem for some seconds, put it into EDL again, and start anew";

struct Names {
  std::string_view operator()(const firehose::Configure&) const { return "configure"; }

  std::string_view operator()(const firehose::Nop&) const { return "nop"; }

  std::string_view operator()(const firehose::GetStorageInfo&) const { return "getstorageinfo"; }

  std::string_view operator()(const firehose::Erase&) const { return "erase"; }

  std::string_view operator()(const firehose::Program&) const { return "program"; }

  std::string_view operator()(const firehose::Read&) const { return "read"; }

  std::string_view operator()(const firehose::Digest&) const { return "getsha256digest"; }

  std::string_view operator()(const firehose::Power&) const { return "power"; }
};

std::string_view name_of(const firehose::Command& command) {
  return std::visit(Names{}, command);
}

std::optional<std::uint32_t> parse_payload(const std::string& text) {
  std::uint32_t payload = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), payload);
  if (error != std::errc{} || end != text.data() + text.size() || payload == 0 || payload % packet != 0 ||
      payload > largest_payload) {
    return std::nullopt;
  }
  return payload;
}

}  // namespace

void FirehoseHost::begin(State state) {
  if (state_ == State::failed) {
    return;
  }
  state_ = state;
  reader_ = firehose::DocumentReader{};
  reply_ = {};
  raw_.clear();
  raw_offset_ = raw_size_ = 0;
  log_lines_ = 0;
  received_bytes_ = 0;
  listing_functions_ = false;
  reconfigured_ = false;
}

void FirehoseHost::start(const firehose::Command& command) {
  begin(State::send_document);
  command_ = command;
  doing_ = name_of(command);
  if (auto checked = firehose::check(command); !checked) {
    fail_with(std::move(checked.error()));
  }
}

void FirehoseHost::start_greeting() {
  begin(State::greeting);
  doing_ = "the greeting";
}

FirehoseHost::Action FirehoseHost::next() {
  switch (state_) {
    case State::failed:
      return Failed{*failure_};
    case State::idle:
    case State::done:
      return Done{};
    case State::send_document:
      state_ = State::wait_reply;
      return Send{.bytes = firehose::document(command_), .zlp = Zlp::never};
    case State::send_raw:
      return next_chunk();
    case State::receive_raw:
      return ReceiveRaw{raw_size_ - raw_offset_};
    default:
      return Await{patience()};
  }
}

Duration FirehoseHost::patience() const {
  if (state_ == State::greeting) {
    return reply_.logs.empty() ? greeting_patience : greeting_gap;
  }
  auto flash_works = state_ == State::wait_raw_taken || std::holds_alternative<firehose::Erase>(command_) ||
                     std::holds_alternative<firehose::Digest>(command_);
  return flash_works ? flash_patience : command_patience;
}

/// Exactly what the device's next read takes: less would be glued to the next chunk (trap 6).
SendImage FirehoseHost::next_chunk() {
  const auto& program = std::get<firehose::Program>(command_);
  auto chunk = std::min<std::uint64_t>(raw_size_ - raw_offset_, payload_);
  auto of_file = std::min(chunk, program.size - std::min(program.size, raw_offset_));
  SendImage action{
      .image = 0, .offset = raw_offset_, .length = of_file, .padding = chunk - of_file, .zlp = Zlp::if_multiple};
  raw_offset_ += chunk;
  if (raw_offset_ == raw_size_) {
    state_ = State::wait_raw_taken;
  }
  return action;
}

void FirehoseHost::feed(ByteView bytes) {
  Buffer behind_ack;
  while (state_ != State::failed) {
    if (state_ == State::receive_raw) {
      auto raw = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), raw_size_ - raw_offset_)));
      raw_.insert(raw_.end(), raw.begin(), raw.end());
      received(raw.size());
      bytes = bytes.subspan(raw.size());
      if (state_ == State::receive_raw) {
        return;
      }
    }
    received_bytes_ += bytes.size();
    if (received_bytes_ > most_reply_bytes) {
      return fail_with(
          fail(Code::device_protocol)
              .what(fmt::format("the programmer logs without end: {} bytes since {} began", received_bytes_, doing_))
              .hint(std::string(power_hint)));
    }
    reader_.feed(bytes);
    while (auto elements = reader_.next()) {
      take_document(*elements);
      if (state_ == State::receive_raw || state_ == State::failed) {
        break;
      }
    }
    if (reader_.broken()) {
      return fail_with(fail(Code::device_protocol)
                           .what("the programmer sent 64 KiB without the end of a document")
                           .hint(std::string(power_hint)));
    }
    if (state_ != State::receive_raw) {
      return;
    }
    // Behind an ACK that announces raw data, the rest is raw.
    behind_ack = reader_.take_rest();
    received_bytes_ -= std::min(received_bytes_, behind_ack.size());
    bytes = behind_ack;
  }
}

void FirehoseHost::take_document(const std::vector<Element>& elements) {
  for (const auto& element : elements) {
    if (state_ == State::failed) {
      return;
    }
    if (element.name == "log") {
      if (const auto* value = element.find("value")) {
        take_log(*value);
      }
    } else if (element.name == "response") {
      take_response(element);
    }
  }
}

void FirehoseHost::take_log(std::string line) {
  if (++log_lines_ > most_log_lines) {
    return fail_with(
        fail(Code::device_protocol)
            .what(fmt::format("the programmer logs without end: {} lines since {} began", log_lines_, doing_))
            .hint(std::string(power_hint)));
  }
  if (new_logs_.size() < most_log_lines) {
    new_logs_.push_back(line);
  }
  take_functions(line);
  // The 9x07 greeting is this one line; later families go on for some lines more.
  if (state_ == State::greeting && line.starts_with("Supported Functions:")) {
    state_ = State::done;
  }
  reply_.logs.push_back(std::move(line));
}

/// `Supported Functions: program configure …` on a 9x07; later families say `Supported Functions (15):`, one a line,
/// and `End of supported functions 15`.
void FirehoseHost::take_functions(std::string_view line) {
  constexpr std::string_view title = "Supported Functions";
  auto take = [this](std::string_view word) {
    if (!word.empty() && word.size() <= longest_function && functions_.size() < most_functions) {
      functions_.emplace(word);
    }
  };
  if (line.starts_with(title)) {
    functions_.clear();
    auto names = line.substr(title.size());
    listing_functions_ = !names.starts_with(':');
    while (!listing_functions_ && !names.empty()) {
      names.remove_prefix(1);  // the colon, or a blank
      auto word = names.substr(0, names.find(' '));
      take(word);
      names.remove_prefix(word.size());
    }
  } else if (listing_functions_ && line.find(' ') == std::string_view::npos) {
    take(line);
  } else {
    listing_functions_ = false;
  }
}

void FirehoseHost::take_response(const Element& response) {
  if (state_ == State::idle || state_ == State::done || state_ == State::greeting || state_ == State::send_document) {
    return;  // it answers nothing that we asked
  }
  const auto* value = response.find("value");
  if (value == nullptr || (*value != "ACK" && *value != "NAK")) {
    return fail_with(fail(Code::device_protocol)
                         .what(fmt::format("the programmer answered {} with '{}', neither ACK nor NAK", doing_,
                                           printable(value == nullptr ? "" : *value)))
                         .hint(std::string(power_hint)));
  }
  reply_.ack = *value == "ACK";
  reply_.attributes.clear();
  reply_.attributes.insert(response.attributes.begin(), response.attributes.end());
  auto early = state_ == State::send_raw;
  if (early && reply_.ack) {
    return fail_with(fail(Code::device_protocol)
                         .what(fmt::format("the programmer said ACK after {} of {} bytes", raw_offset_, raw_size_))
                         .hint(std::string(power_hint)));
  }
  auto raw_follows =
      std::holds_alternative<firehose::Program>(command_) || std::holds_alternative<firehose::Read>(command_);
  if (state_ == State::wait_reply && std::holds_alternative<firehose::Configure>(command_)) {
    take_configured();
  } else if (state_ == State::wait_reply && reply_.ack && raw_follows) {
    take_raw_allowed();
  } else {
    state_ = State::done;
  }
}

void FirehoseHost::take_configured() {
  auto& asked = std::get<firehose::Configure>(command_).payload;
  state_ = State::done;
  auto named = reply_.attributes.find("MaxPayloadSizeToTargetInBytes");
  if (named == reply_.attributes.end()) {
    payload_ = reply_.ack ? asked : payload_;
    return;
  }
  auto size = parse_payload(named->second);
  if (!size) {
    return fail_with(fail(Code::device_protocol)
                         .what(fmt::format("the programmer names a payload of '{}' bytes", printable(named->second)))
                         .hint(std::string(power_hint)));
  }
  if (reply_.ack) {
    payload_ = *size;
  } else if (*size != asked && !std::exchange(reconfigured_, true)) {
    asked = *size;
    state_ = State::send_document;
  }
}

void FirehoseHost::take_raw_allowed() {
  auto rawmode = reply_.attributes.find("rawmode");
  if (rawmode == reply_.attributes.end() || rawmode->second != "true") {
    return fail_with(fail(Code::device_protocol)
                         .what(fmt::format("the programmer said ACK to {} without rawmode=\"true\"", doing_))
                         .hint(std::string(power_hint)));
  }
  if (const auto* program = std::get_if<firehose::Program>(&command_)) {
    raw_size_ = program->geometry.bytes(program->geometry.sectors_for(program->size));
    state_ = State::send_raw;
  } else {
    const auto& read = std::get<firehose::Read>(command_);
    raw_size_ = read.geometry.bytes(read.range.count);
    state_ = State::receive_raw;
  }
}

void FirehoseHost::received(std::uint64_t length) {
  if (state_ != State::receive_raw) {
    return;
  }
  if (length > raw_size_ - raw_offset_) {
    return fail_with(fail(Code::bug).what(
        fmt::format("{} raw bytes were received where {} were due", length, raw_size_ - raw_offset_)));
  }
  raw_offset_ += length;
  if (raw_offset_ == raw_size_) {
    state_ = State::wait_raw_given;
  }
}

void FirehoseHost::timed_out() {
  auto silent_at = [this](std::string what) {
    fail_with(fail(Code::timeout).what(std::move(what)).hint(std::string(power_hint)));
  };
  switch (state_) {
    case State::idle:
    case State::done:
    case State::failed:
      return;
    case State::greeting:
      if (!reply_.logs.empty()) {
        state_ = State::done;
        return;
      }
      return silent_at("the programmer was handed over but does not greet");
    case State::send_raw:
    case State::wait_raw_taken:
      return silent_at(fmt::format("the programmer went silent with {} of {} bytes sent", raw_offset_, raw_size_));
    case State::receive_raw:
      return silent_at(fmt::format("the programmer went silent with {} of {} bytes read", raw_offset_, raw_size_));
    default:
      return silent_at(fmt::format("the programmer does not answer {}", doing_));
  }
}

std::vector<std::string> FirehoseHost::take_logs() {
  return std::exchange(new_logs_, {});
}

Buffer FirehoseHost::take_raw() {
  return std::exchange(raw_, {});
}

void FirehoseHost::fail_with(Error error) {
  if (state_ != State::failed) {
    state_ = State::failed;
    failure_ = std::move(error);
  }
}

}  // namespace modemedic::protocol
