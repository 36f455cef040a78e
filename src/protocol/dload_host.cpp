#include "protocol/dload_host.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace modemedic::protocol {

using namespace std::chrono_literals;
using dload::Command;
using dload::Listener;

namespace {

/// A boot loader answers within milliseconds; a running modem that is busy logging takes longer.
constexpr Duration probe_patience = 1s;
constexpr Duration write_patience = 3s;
/// GO has no answer. A boot loader that refuses it does so at once.
constexpr Duration start_patience = 300ms;

constexpr unsigned most_probes = 3;
constexpr unsigned most_repeats = 3;
/// Frames of a running modem that logs, until it answers; and what no device sends that means well.
constexpr unsigned most_strays = 2000;
/// Real loaders have 60 to 80 KB; one that doesn't fit would be refused by its address.
constexpr std::uint64_t largest_loader = 4_MiB;
constexpr std::size_t longest_frame = 4_KiB;
/// Bytes without a frame: what sends more than this speaks something else, and would go on for ever.
constexpr std::size_t most_unframed = 64_KiB;

constexpr std::string_view power_cycle_hint =
    "nothing was written to its flash: take all power from the modem for some seconds, bring it into download mode "
    "again, and let no other program (ModemManager) open it";

std::optional<Error> problem(const DloadHost::Loader& loader) {
  std::uint64_t whole = 0;
  for (const auto& part : loader.parts) {
    whole += part.bytes.size();
    if (part.bytes.empty() || part.bytes.size() - 1 > std::numeric_limits<std::uint32_t>::max() - part.address ||
        whole > largest_loader) {
      return fail(Code::bug).what(fmt::format("{} is no loader: {} bytes at {:#x}", loader.name, whole, part.address));
    }
  }
  return whole > 0 ? std::nullopt : std::optional<Error>(fail(Code::bug).what(loader.name + " is empty"));
}

}  // namespace

DloadHost::DloadHost(std::vector<Loader> loaders) : loaders_(std::move(loaders)), reader_(longest_frame) {
  for (const auto& loader : loaders_) {
    if (auto why = problem(loader)) {
      fail_with(std::move(*why));
      return;
    }
  }
}

void DloadHost::feed(ByteView bytes) {
  if (state_ == State::done || state_ == State::failed) {
    return;
  }
  reader_.feed(bytes);
  unframed_ += bytes.size();
  while (auto frame = reader_.next()) {
    if (state_ == State::done || state_ == State::failed) {
      return;
    }
    unframed_ = 0;
    if (++strays_ > most_strays) {
      return talks_without_end();
    }
    auto* body = std::get_if<Buffer>(&*frame);
    if (body != nullptr && !send_) {  // while a frame of ours still waits to go out, what comes answers another
      take_frame(*body);
    }
    // A spoilt frame: what it answered comes to its end by silence.
  }
  if (unframed_ > most_unframed) {
    talks_without_end();
  }
}

void DloadHost::talks_without_end() {
  fail_with(fail(Code::device_protocol)
                .what("the modem talks without end, but does not answer")
                .hint(std::string(power_cycle_hint)));
}

void DloadHost::take_frame(ByteView body) {
  switch (state_) {
    case State::wait_probe:
      return take_probe_answer(body);
    case State::wait_parameters:
      return take_parameters_answer(body);
    case State::wait_write:
      return take_write_answer(body);
    case State::wait_start:
      if (auto reason = dload::parse_nak(body)) {
        refused(*reason);
      }
      return;
    default:
      return;  // left over from another host
  }
}

void DloadHost::take_probe_answer(ByteView body) {
  listener_ = dload::who_answers_nop(body);
  if (!listener_) {
    return;
  }
  if (loaders_.empty() || listener_ == Listener::streaming) {
    state_ = State::done;
  } else if (listener_ == Listener::diag) {
    fail_with(fail(Code::device_protocol)
                  .what("a running modem answers (DIAG), not one in download mode")
                  .hint("bring it into download mode first"));
  } else {
    send(dload::command(Command::parameters_request));
    state_ = State::wait_parameters;
  }
}

void DloadHost::take_parameters_answer(ByteView body) {
  parameters_ = dload::parse_parameters(body);
  if (parameters_ && parameters_->largest_write == 0) {
    return fail_with(fail(Code::device_protocol)
                         .what("the boot loader says that it takes writes of 0 bytes")
                         .hint(std::string(power_cycle_hint)));
  }
  // One that doesn't know the question takes writes nevertheless.
  if (parameters_ || dload::parse_nak(body)) {
    write_next();
  }
}

void DloadHost::take_write_answer(ByteView body) {
  if (auto reason = dload::parse_nak(body)) {
    if (reason == dload::Nak::bad_checksum && ++repeats_ <= most_repeats) {
      return write_next();
    }
    return refused(*reason);
  }
  if (body.size() == 1 && body[0] == static_cast<std::byte>(Command::ack)) {
    strays_ = 0;
    repeats_ = 0;
    offset_ += length_;
    write_next();
  }
}

/// The next piece of the loader that is being handed over, or GO behind its last.
void DloadHost::write_next() {
  const auto& loader = loaders_[loader_];
  if (offset_ == loader.parts[part_].bytes.size()) {
    offset_ = 0;
    if (++part_ == loader.parts.size()) {
      send(dload::go(loader.start));
      state_ = State::wait_start;
      return;
    }
  }
  const auto& part = loader.parts[part_];
  auto most =
      parameters_ ? std::min<std::size_t>(parameters_->largest_write, dload::largest_write) : dload::largest_write;
  length_ = std::min(most, part.bytes.size() - offset_);
  send(dload::write(part.address + static_cast<std::uint32_t>(offset_), part.bytes.subspan(offset_, length_)));
  state_ = State::wait_write;
}

void DloadHost::refused(dload::Nak reason) {
  const auto& loader = loaders_[loader_];
  if (reason == dload::Nak::bad_destination && state_ == State::wait_write && loader_ + 1 < loaders_.size()) {
    ++loader_;
    part_ = 0;
    offset_ = 0;
    return write_next();
  }
  auto doing = state_ == State::wait_start
                   ? fmt::format("to start {} at {:#x}", loader.name, loader.start)
                   : fmt::format("{} at {:#x}", loader.name, loader.parts[part_].address + offset_);
  fail_with(fail(Code::device_refused)
                .what(fmt::format("the boot loader refuses {}: {}", doing, dload::meaning(reason)))
                .hint(reason == dload::Nak::bad_destination
                          ? "this loader is not for this chip: take a package that was made for this modem"
                          : std::string(power_cycle_hint)));
}

void DloadHost::timed_out() {
  switch (state_) {
    case State::wait_probe:
      if (probes_ < most_probes) {
        state_ = State::probe;
        return;
      }
      return fail_with(fail(Code::timeout)
                           .what("nobody answers on this port: neither a boot loader in download mode, nor a running "
                                 "modem, nor a streaming loader")
                           .hint(std::string(power_cycle_hint)));
    case State::wait_parameters:
      return fail_with(fail(Code::timeout)
                           .what("the boot loader answers, but not when it is asked for its parameters")
                           .hint(std::string(power_cycle_hint)));
    case State::wait_write:
      return fail_with(fail(Code::timeout)
                           .what(fmt::format("the boot loader did not answer while it took {}, at {:#x}",
                                             loaders_[loader_].name, loaders_[loader_].parts[part_].address + offset_))
                           .hint(std::string(power_cycle_hint)));
    case State::wait_start:
      started_ = true;
      state_ = State::done;
      return;
    case State::probe:
    case State::done:
    case State::failed:
      return;
  }
}

DloadHost::Action DloadHost::next() {
  if (failure_) {
    return Failed{*failure_};
  }
  if (state_ == State::probe) {
    ++probes_;
    send(dload::command(Command::nop));
    state_ = State::wait_probe;
  }
  if (send_) {
    return *std::exchange(send_, std::nullopt);
  }
  if (state_ == State::done) {
    return Done{};
  }
  return Await{patience()};
}

Duration DloadHost::patience() const {
  switch (state_) {
    case State::wait_start:
      return start_patience;
    case State::wait_write:
      return write_patience;
    default:
      return probe_patience;
  }
}

void DloadHost::send(ByteView body) {
  send_ = Send{.bytes = hdlc_frame(body, true), .zlp = Zlp::never};
}

void DloadHost::fail_with(Error error) {
  failure_ = std::move(error);
  state_ = State::failed;
  send_.reset();
}

}  // namespace modemedic::protocol
