#include "virtual/in_process_pipe.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace modemedic::twin {

namespace {

constexpr std::size_t in_urb_size = 16384;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void InProcessPipe::Arrivals::push(ByteView bytes) {
  slots_[(first_ + count_) % slots_.size()].assign(bytes.begin(), bytes.end());
  ++count_;
}

std::size_t InProcessPipe::Arrivals::take(std::span<std::byte> into) {
  auto rest = ByteView(slots_[first_]).subspan(taken_);
  auto count = std::min(rest.size(), into.size());
  std::copy_n(rest.begin(), count, into.begin());
  taken_ += count;
  if (count == rest.size()) {
    first_ = (first_ + 1) % slots_.size();
    --count_;
    taken_ = 0;
  }
  return count;
}

InProcessPipe::InProcessPipe(InProcessBus& bus, Pluggable& modem, InProcessBus::Opened opened,
                             const usb::BulkPair& endpoints, std::string port)
    : bus_(bus),
      modem_(modem),
      opened_(opened),
      port_(std::move(port)),
      function_(modem.function()),
      out_(modem.function()->out(endpoints.out.address)),
      in_(modem.function()->in(endpoints.in.address)) {
  if (bus_.habits.keep_in_pending) {
    queue_in();
  }
}

InProcessPipe::~InProcessPipe() {
  unqueue_in();
  std::erase(bus_.opened_, opened_);
}

bool InProcessPipe::connected() const {
  return modem_.function() == function_ && modem_.enumeration() == opened_.enumeration;
}

Failure InProcessPipe::lost() const {
  return fail(Code::modem_lost).what("the modem left the bus").device("port " + port_);
}

Failure InProcessPipe::timed_out(std::string_view what, Deadline deadline, TimePoint since) const {
  return fail(Code::timeout)
      .what(fmt::format("{} within {:.3g} s", what, seconds(std::max(deadline.at - since, Duration::zero()))))
      .device("port " + port_);
}

Result<void> InProcessPipe::send(ByteView bytes, usb::Zlp zlp, Deadline deadline) {
  if (!connected()) {
    return lost();
  }
  sent_.reset();
  auto id = out_->submit(bytes, zlp == usb::Zlp::if_multiple && bus_.habits.send_zlp,
                         [this](UrbStatus status, std::size_t /*actual*/) { sent_ = status; });
  if (!sent_) {
    auto since = bus_.clock().now();
    bus_.run_until([this] { return sent_.has_value() || !connected(); }, deadline);
    if (!sent_ && connected()) {
      out_->cancel(id);
      return timed_out(fmt::format("the modem took nothing of {} bytes", bytes.size()), deadline, since);
    }
  }
  if (!sent_ || *sent_ == UrbStatus::gone) {
    return lost();
  }
  if (*sent_ != UrbStatus::ok) {
    return fail(Code::device_refused).what("the modem answered a transfer with a stall").device("port " + port_);
  }
  return {};
}

/// Nothing to wait for: send() comes back when its bytes have been taken.
Result<void> InProcessPipe::flush(Deadline /*deadline*/) {
  if (!connected()) {
    return lost();
  }
  return {};
}

Result<void> InProcessPipe::send_last(ByteView bytes, Deadline deadline) {
  leaving_ = true;
  unqueue_in();
  pending_in_.reset();
  return send(bytes, usb::Zlp::never, deadline);
}

Result<std::size_t> InProcessPipe::receive(std::span<std::byte> into, Deadline deadline) {
  if (!arrivals_.empty()) {
    auto count = arrivals_.take(into);
    queue_in();
    return count;
  }
  if (!connected()) {
    return lost();
  }
  received_.reset();
  wanted_ = into;
  waiting_ = true;
  queue_in();
  auto since = bus_.clock().now();
  if (!received_) {
    bus_.run_until([this] { return received_.has_value() || babbled_ || !connected(); }, deadline);
  }
  waiting_ = false;
  if (!bus_.habits.keep_in_pending) {
    unqueue_in();
  }
  if (received_) {
    return *received_;
  }
  if (std::exchange(babbled_, false)) {
    return fail(Code::device_protocol).what("the modem sent more than fits a transfer").device("port " + port_);
  }
  if (!connected()) {
    return lost();
  }
  return timed_out("the modem sent nothing", deadline, since);
}

/// Keeps one IN URB pending, as far as habits go and there is room for what it brings.
void InProcessPipe::queue_in() {
  auto wanted = bus_.habits.keep_in_pending || (waiting_ && !received_);
  if (leaving_ || pending_in_ || !wanted || arrivals_.full() || !connected()) {
    return;
  }
  pending_in_ = 0;
  auto id = in_->submit(in_urb_size, [this](UrbStatus status, ByteView data) { arrived(status, data); });
  if (pending_in_ == std::uint64_t{0}) {
    pending_in_ = id;
  }
}

void InProcessPipe::unqueue_in() {
  if (pending_in_ && connected()) {
    in_->cancel(*pending_in_);
  }
}

void InProcessPipe::arrived(UrbStatus status, ByteView data) {
  pending_in_.reset();
  babbled_ = babbled_ || status == UrbStatus::overflow;
  if (status != UrbStatus::ok) {
    return;
  }
  if (waiting_ && !received_) {
    auto count = std::min(data.size(), wanted_.size());
    std::copy_n(data.begin(), count, wanted_.begin());
    received_ = count;
    if (count < data.size()) {
      arrivals_.push(data.subspan(count));
    }
  } else {
    arrivals_.push(data);
  }
  queue_in();
}

}  // namespace modemedic::twin
