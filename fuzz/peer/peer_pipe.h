#pragma once

#include "fuzz_target.h"
#include "peer/input.h"
#include "usb/pipe.h"
#include "virtual/timers.h"

#include <deque>
#include <functional>
#include <optional>
#include <utility>

namespace modemedic::fuzz {

/// A pipe whose other end answers what the input says. Time is simulated.
///
/// The promise that every target on it makes: the host comes to an end, whatever is said to it and however often.
class PeerPipe final : public usb::Pipe {
public:
  struct Peer {
    /// The host sent this; what it is answered waits in `inbox`.
    std::function<void(ByteView sent, std::deque<Buffer>& inbox)> answer;
    /// The host waits and nothing is there. Nothing said: silence.
    std::function<std::optional<Buffer>()> speak;
  };

  PeerPipe(Input& input, twin::SimulatedClock& clock, Peer peer)
      : input_(input), clock_(clock), peer_(std::move(peer)), started_(clock.now()) {}

  Result<void> send(ByteView bytes, usb::Zlp /*zlp*/, Deadline deadline) override {
    count_call();
    auto what_happens = input_.u8();
    if (what_happens == 0xFF) {
      return lost();
    }
    if (what_happens == 0xFE) {
      clock_.advance_to(std::max(clock_.now(), deadline.at));
      return fail(Code::timeout).what("the device took nothing");
    }
    peer_.answer(bytes, inbox_);
    return {};
  }

  Result<void> flush(Deadline /*deadline*/) override {
    count_call();
    return {};
  }

  Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override {
    count_call();
    if (inbox_.empty()) {
      hear();
    }
    if (inbox_.empty()) {
      clock_.advance_to(std::max(clock_.now(), deadline.at));
      return fail(Code::timeout).what("silence");
    }
    // Nothing takes no time at all, and what babbles does so at full speed.
    clock_.advance_to(clock_.now() + std::chrono::microseconds(125));
    auto& first = inbox_.front();
    auto count = std::min(first.size(), into.size());
    std::copy_n(first.begin(), count, into.begin());
    first.erase(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(count));
    if (first.empty()) {
      inbox_.pop_front();
    }
    return count;
  }

private:
  void hear() {
    if (!input_.empty()) {
      last_ = peer_.speak();
    } else if (!input_.babbles()) {
      last_.reset();
    }
    if (last_) {
      inbox_.push_back(*last_);
    }
  }

  static Failure lost() { return fail(Code::modem_lost).what("the modem is gone"); }

  void count_call() {
    must(++calls_ < 2'000'000, "a talk ends");
    must(clock_.now() - started_ < std::chrono::hours(1), "a talk ends within an hour");
  }

  Input& input_;
  twin::SimulatedClock& clock_;
  Peer peer_;
  TimePoint started_;
  std::deque<Buffer> inbox_;
  std::optional<Buffer> last_;
  std::size_t calls_ = 0;
};

}  // namespace modemedic::fuzz
