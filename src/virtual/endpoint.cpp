#include "virtual/endpoint.h"

#include <algorithm>
#include <utility>

namespace modemedic::twin {

namespace {

constexpr std::size_t max_packet = 512;

bool whole_packets(std::size_t length) {
  return length % max_packet == 0;
}

}  // namespace

std::uint64_t OutEndpoint::submit(ByteView data, bool zlp, Done done) {
  auto id = next_id_++;
  queue_.push_back({id, data, zlp, std::move(done)});
  if (on_submit) {
    on_submit();
  }
  return id;
}

bool OutEndpoint::cancel(std::uint64_t id) {
  auto urb = std::find_if(queue_.begin(), queue_.end(), [id](const Urb& u) { return u.id == id; });
  if (urb == queue_.end()) {
    return false;
  }
  auto done = std::move(urb->done);
  queue_.erase(urb);
  done(UrbStatus::cancelled, 0);
  return true;
}

OutEndpoint::Transfer OutEndpoint::front() const {
  const auto& urb = queue_.front();
  return {urb.data, urb.zlp || urb.data.empty() || !whole_packets(urb.data.size())};
}

void OutEndpoint::finish(UrbStatus status) {
  auto urb = std::move(queue_.front());
  queue_.pop_front();
  urb.done(status, status == UrbStatus::ok ? urb.data.size() : 0);
}

void OutEndpoint::accept() {
  finish(UrbStatus::ok);
}

void OutEndpoint::stall() {
  finish(UrbStatus::stall);
}

void OutEndpoint::fail_all(UrbStatus status) {
  while (!queue_.empty()) {
    finish(status);
  }
}

std::uint64_t InEndpoint::submit(std::size_t capacity, Done done) {
  auto id = next_id_++;
  urbs_.push_back({id, capacity, std::move(done)});
  match();
  return id;
}

bool InEndpoint::cancel(std::uint64_t id) {
  auto urb = std::find_if(urbs_.begin(), urbs_.end(), [id](const Urb& u) { return u.id == id; });
  if (urb == urbs_.end()) {
    return false;
  }
  auto done = std::move(urb->done);
  urbs_.erase(urb);
  done(UrbStatus::cancelled, {});
  return true;
}

void InEndpoint::write(Buffer transfer, bool zlp) {
  auto needs_zlp = zlp && !transfer.empty() && whole_packets(transfer.size());
  transfers_.push_back({std::move(transfer), needs_zlp});
  match();
}

void InEndpoint::babble() {
  transfers_.push_back({.bytes = {}, .zlp = false, .babble = true});
  match();
}

void InEndpoint::fail_all(UrbStatus status) {
  transfers_.clear();
  while (!urbs_.empty()) {
    auto urb = std::move(urbs_.front());
    urbs_.pop_front();
    urb.done(status, {});
  }
}

/// Moves bytes from written transfers to waiting URBs. A URB ends when it is full or its transfer does.
void InEndpoint::match() {
  if (matching_) {
    return;  // a completion submitted the next URB: the loop below goes on with it
  }
  matching_ = true;
  auto moved = false;
  while (!urbs_.empty() && !transfers_.empty()) {
    auto urb = std::move(urbs_.front());
    urbs_.pop_front();
    auto& transfer = transfers_.front();
    auto status = transfer.babble ? UrbStatus::overflow : UrbStatus::ok;
    auto count = std::min(transfer.bytes.size() - transfer.taken, urb.capacity);
    auto part = ByteView(transfer.bytes).subspan(transfer.taken, count);
    transfer.taken += count;
    Outgoing finished;
    if (transfer.taken == transfer.bytes.size()) {
      finished = std::move(transfer);  // keeps `part` alive for the completion
      transfers_.pop_front();
      if (finished.zlp && count == urb.capacity) {
        transfers_.push_front({});  // its ZLP did not fit into this URB: the next one ends with zero bytes
      }
    }
    moved = true;
    urb.done(status, part);
  }
  matching_ = false;
  if (moved && transfers_.empty() && on_drained) {
    on_drained();
  }
}

}  // namespace modemedic::twin
