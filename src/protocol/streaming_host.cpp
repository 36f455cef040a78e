#include "protocol/streaming_host.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace modemedic::protocol {

using namespace std::chrono_literals;
using streaming::TableAnswer;

namespace {

constexpr Duration answer_patience = 5s;
/// A page's worth of programming, and a relocated block at worst.
constexpr Duration write_patience = 15s;
/// It erases the partition before it answers: 600 blocks of 2 to 10 ms.
constexpr Duration erase_patience = 60s;
/// It may erase the whole chip before it answers.
constexpr Duration table_patience = 120s;

constexpr std::size_t most_log_lines = 5000;
constexpr std::size_t most_kept_logs = 100;
constexpr std::size_t longest_frame = 32_KiB;
/// Bytes without a frame: what sends more than this speaks something else, and would go on for ever.
constexpr std::size_t most_unframed = 64_KiB;

constexpr std::string_view not_a_hello = "Invalid Command";
constexpr unsigned most_strays = 8;

constexpr std::string_view start_over_hint =
    "the loader still runs and the modem has not left download mode: start the flash again, it goes on from there";

streaming::Command command_of(ByteView body) {
  return static_cast<streaming::Command>(body.front());
}

bool shows(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

void StreamingHost::start(Command command) {
  auto after_failure = state_ == State::failed;
  auto between = state_ == State::idle || state_ == State::done || after_failure;
  command_ = std::move(command);
  failure_.reset();
  out_ = {};
  log_lines_ = 0;
  strays_ = 0;
  unframed_ = 0;
  auto harmless = std::holds_alternative<Greeting>(command_) || std::holds_alternative<Reset>(command_);
  if (!between || (after_failure && !harmless)) {
    return fail_with(fail(Code::bug).what(between ? "a streaming command after one that failed"
                                                  : "a streaming command before the one before it is answered"));
  }
  reader_ = HdlcReader(longest_frame);
  std::visit([this](const auto& what) { begin(what); }, command_);
}

void StreamingHost::begin(const Greeting& /*greeting*/) {
  send(streaming::hello(), State::wait_hello, "hello");
}

void StreamingHost::begin(const Session& session) {
  if (session.risk == TableRisk::unknown) {
    return fail_with(fail(Code::refused)
                         .what("a partition table may erase the whole chip, IMEI and calibration with it, and nobody "
                               "said that it can't")
                         .rule("efs"));
  }
  if (session.table.empty() || session.table.size() > streaming::largest_table) {
    return fail_with(fail(Code::package_bad)
                         .what(fmt::format("a partition table of {} bytes: the loader takes 1 to {}",
                                           session.table.size(), streaming::largest_table))
                         .hint("its partition.mbn is damaged, or not one"));
  }
  send(streaming::hello(), State::wait_hello, "hello");
}

void StreamingHost::begin(const Image& image) {
  if (!table_accepted_) {
    return fail_with(fail(Code::bug).what("an image before the partition table was accepted"));
  }
  auto name = "0:" + image.partition;
  if (!shows(image.partition) || name.size() >= streaming::longest_name) {
    return fail_with(fail(Code::bug).what(fmt::format("'{}' is no partition's name", printable(image.partition))));
  }
  if (image.size == 0 || image.size - 1 > std::numeric_limits<std::uint32_t>::max()) {
    return fail_with(fail(Code::package_bad)
                         .what(fmt::format("an image of {} bytes for {}: to open it would erase it for nothing",
                                           image.size, image.partition))
                         .hint("nothing was sent"));
  }
  send(streaming::open(name), State::wait_open, "opening (erasing) " + image.partition);
}

void StreamingHost::begin(const Reset& /*reset*/) {
  send(streaming::reset(), State::wait_reset, "reset");
}

void StreamingHost::feed(ByteView bytes) {
  if (state_ == State::idle || state_ == State::done || state_ == State::failed) {
    return;
  }
  reader_.feed(bytes);
  unframed_ += bytes.size();
  while (auto frame = reader_.next()) {
    if (state_ == State::done || state_ == State::failed) {
      return;
    }
    unframed_ = 0;
    auto* body = std::get_if<Buffer>(&*frame);
    if (body == nullptr) {
      return fail_with(fail(Code::device_protocol)
                           .what(fmt::format("a spoilt frame instead of the answer to {}", doing_))
                           .hint(std::string(start_over_hint)));
    }
    take_frame(*body);
  }
  if (unframed_ > most_unframed) {
    fail_with(fail(Code::device_protocol)
                  .what(fmt::format("no answer to {} is in {} bytes", doing_, unframed_))
                  .hint(std::string(start_over_hint)));
  }
}

void StreamingHost::take_frame(ByteView body) {
  if (command_of(body) == streaming::Command::log) {
    auto text = as_text(body.subspan(1));
    auto line = text.substr(0, text.find_first_of(std::string_view("\0\r\n", 3)));
    if (++log_lines_ > most_log_lines) {
      return fail_with(fail(Code::device_protocol)
                           .what(fmt::format("the loader talks without end during {}", doing_))
                           .hint(std::string(start_over_hint)));
    }
    if (logs_.size() < most_kept_logs) {
      logs_.push_back(printable(line));
    }
    return;
  }
  if (!std::holds_alternative<std::monostate>(out_)) {
    return unexpected(body);  // nothing of ours is out that it could answer
  }
  if (auto error = streaming::parse_error(body)) {
    return take_error(*error);
  }
  switch (state_) {
    case State::wait_hello:
      return take_hello(body);
    case State::wait_security:
      return command_of(body) == streaming::Command::security_done ? take_security() : unexpected(body);
    case State::wait_table:
      return take_table(body);
    case State::wait_left_over:
      return command_of(body) == streaming::Command::closed ? finish() : unexpected(body);
    case State::wait_open:
      return take_opened(body);
    case State::wait_written:
      return take_written(body);
    case State::wait_closed:
      return command_of(body) == streaming::Command::closed ? finish() : unexpected(body);
    case State::wait_reset:
      return command_of(body) == streaming::Command::reset_done ? finish() : unexpected(body);
    case State::idle:
    case State::done:
    case State::failed:
      return;
  }
}

void StreamingHost::take_error(const streaming::LoaderError& error) {
  if (state_ == State::wait_left_over) {
    return finish();  // nothing was left open
  }
  if (state_ == State::wait_hello && error.text == not_a_hello && ++strays_ <= most_strays) {
    return;  // answers what was sent to find out who listens
  }
  auto text = error.text.empty() ? std::string() : fmt::format(" (\"{}\")", printable(error.text));
  fail_with(fail(Code::device_refused)
                .what(fmt::format("the loader refuses {}{}: {}{}", doing_, at_byte(),
                                  streaming::meaning_of_error(error.code), text))
                .hint(std::string(start_over_hint)));
}

void StreamingHost::take_hello(ByteView body) {
  auto target = streaming::parse_target(body);
  if (!target) {
    return unexpected(body);
  }
  target_ = std::move(target);
  target_->flash_name = printable(target_->flash_name);
  if (std::holds_alternative<Greeting>(command_)) {
    return finish();
  }
  if ((target_->features & streaming::multi_image_feature) == 0) {
    return fail_with(fail(Code::device_protocol)
                         .what("this loader can't write single partitions (no multi-image)")
                         .hint("take the loader of the firmware that is made for this modem"));
  }
  send(streaming::security_trusted(), State::wait_security, "the security mode");
}

void StreamingHost::take_security() {
  send(streaming::partition_table(std::get<Session>(command_).table), State::wait_table, "the partition table");
}

void StreamingHost::take_table(ByteView body) {
  if (command_of(body) != streaming::Command::table_answer || body.size() < 2) {
    return unexpected(body);
  }
  table_answer_ = static_cast<TableAnswer>(body[1]);
  table_accepted_ = table_answer_ == TableAnswer::accepted;
  if (table_accepted_) {
    if (std::get<Session>(command_).was_running) {
      return send(streaming::close(), State::wait_left_over, "closing what was left open");
    }
    return finish();
  }
  auto differs = table_answer_ == TableAnswer::differs;
  fail_with(fail(Code::device_refused)
                .what(fmt::format("the loader does not take the partition table: {}", meaning(*table_answer_)))
                .hint(differs ? "nothing was erased. A table is changed by Firehose (EDL), never by download mode"
                              : std::string(start_over_hint)));
}

void StreamingHost::take_opened(ByteView body) {
  if (command_of(body) != streaming::Command::opened || body.size() < 2) {
    return unexpected(body);
  }
  auto answer = static_cast<streaming::OpenAnswer>(body[1]);
  if (answer != streaming::OpenAnswer::opened) {
    return fail_with(fail(Code::device_refused)
                         .what(fmt::format("the loader refuses {}: {}", doing_, meaning(answer)))
                         .hint(std::string(start_over_hint)));
  }
  offset_ = 0;
  write_next();
}

void StreamingHost::take_written(ByteView body) {
  if (command_of(body) != streaming::Command::written || body.size() < 1 + sizeof(std::uint32_t)) {
    return unexpected(body);
  }
  auto address = load<std::uint32_t>(&body[1], Endian::little);
  if (address != offset_) {
    return fail_with(fail(Code::device_protocol)
                         .what(fmt::format("the loader confirms byte {} of {} when {} was sent", address,
                                           std::get<Image>(command_).partition, offset_))
                         .hint(std::string(start_over_hint)));
  }
  offset_ += streaming::largest_write;
  write_next();
}

/// The next write, or the close behind the last one.
void StreamingHost::write_next() {
  const auto& image = std::get<Image>(command_);
  if (offset_ >= image.size) {
    return send(streaming::close(), State::wait_closed, "closing " + image.partition);
  }
  if (offset_ == 0) {
    doing_ = "writing " + image.partition;
  }
  out_ =
      WriteImage{static_cast<std::uint32_t>(offset_),
                 static_cast<std::uint32_t>(std::min<std::uint64_t>(streaming::largest_write, image.size - offset_))};
  state_ = State::wait_written;
}

void StreamingHost::timed_out() {
  if (state_ == State::idle || state_ == State::done || state_ == State::failed) {
    return;
  }
  auto silent = state_ == State::wait_hello;
  fail_with(fail(Code::timeout)
                .what(silent ? "no streaming loader answers"
                             : fmt::format("the loader does not answer {}{}", doing_, at_byte()))
                .hint(silent ? "the loader did not start, or is gone: take all power from the modem for some seconds, "
                               "bring it into download mode and start the flash again"
                             : "take all power from the modem for some seconds, bring it into download mode and start "
                               "the flash again, it goes on from there"));
}

std::string StreamingHost::at_byte() const {
  return state_ == State::wait_written ? fmt::format(" at byte {}", offset_) : std::string();
}

StreamingHost::Action StreamingHost::next() {
  if (failure_) {
    return Failed{*failure_};
  }
  auto out = std::exchange(out_, std::monostate{});
  if (auto* frame = std::get_if<Send>(&out)) {
    return std::move(*frame);
  }
  if (auto* part = std::get_if<WriteImage>(&out)) {
    return *part;
  }
  if (state_ == State::done || state_ == State::idle) {
    return Done{};
  }
  return Await{patience()};
}

Duration StreamingHost::patience() const {
  switch (state_) {
    case State::wait_table:
      return table_patience;
    case State::wait_open:
    case State::wait_closed:
      return erase_patience;
    case State::wait_written:
      return write_patience;
    default:
      return answer_patience;
  }
}

std::vector<std::string> StreamingHost::take_logs() {
  return std::exchange(logs_, {});
}

void StreamingHost::send(ByteView body, State next, std::string_view doing) {
  out_ = Send{.bytes = hdlc_frame(body, true), .zlp = Zlp::never};
  state_ = next;
  doing_ = doing;
}

void StreamingHost::finish() {
  state_ = State::done;
}

void StreamingHost::fail_with(Error error) {
  failure_ = std::move(error);
  state_ = State::failed;
  table_accepted_ = false;
  out_ = {};
}

void StreamingHost::unexpected(ByteView body) {
  fail_with(fail(Code::device_protocol)
                .what(fmt::format("the loader answered {} with {}", doing_,
                                  hex(body.first(std::min<std::size_t>(body.size(), 16)))))
                .hint(std::string(start_over_hint)));
}

}  // namespace modemedic::protocol
