#include "virtual/usbip_session.h"

#include <algorithm>

#include <fmt/core.h>

namespace modemedic::twin {

namespace usbip = protocol::usbip;

namespace {

// Statuses are negative errno values of Linux, whatever this machine's are (facts: usbip-and-guest.md).
constexpr std::int32_t ok = 0;
constexpr std::int32_t stalled = -32;
constexpr std::int32_t overflowed = -75;
constexpr std::int32_t unlinked = -104;
constexpr std::int32_t shut_down = -108;

constexpr std::uint8_t direction_in = 0x80;

constexpr std::size_t compact_from = 1_MiB;

std::int32_t status_of(UrbStatus status) {
  switch (status) {
    case UrbStatus::ok:
      return ok;
    case UrbStatus::stall:
      return stalled;
    case UrbStatus::overflow:
      return overflowed;
    case UrbStatus::cancelled:
      return unlinked;
    case UrbStatus::gone:
      return shut_down;
  }
  return stalled;
}

Setup decode_setup(ByteView bytes) {
  ByteReader reader(bytes, Endian::little);
  Setup setup;
  setup.request_type = reader.u8();
  setup.request = reader.u8();
  setup.value = reader.u16();
  setup.index = reader.u16();
  setup.length = reader.u16();
  return setup;
}

Failure not_usbip(std::string what) {
  return fail(Code::device_protocol).what(std::move(what));
}

}  // namespace

void OutputQueue::append(ByteView bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void OutputQueue::sent(std::size_t count) {
  sent_ += count;
  if (sent_ == bytes_.size() || sent_ >= compact_from) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
}

UsbIpSession::UsbIpSession(Pluggable& modem, std::uint32_t devid, OutputQueue& output)
    : modem_(modem), function_(modem.function()), enumeration_(modem.enumeration()), devid_(devid), output_(output) {}

UsbIpSession::~UsbIpSession() {
  auto pending = std::exchange(pending_, {});
  for (const auto& [seqnum, urb] : pending) {
    cancel(urb);
  }
}

bool UsbIpSession::alive() const {
  return modem_.function() == function_ && modem_.enumeration() == enumeration_;
}

Result<std::size_t> UsbIpSession::feed(ByteView input, const std::shared_ptr<const Buffer>& owner) {
  std::size_t eaten = 0;
  while (alive() && output_.waiting().size() < most_output) {
    auto rest = input.subspan(eaten);
    if (rest.size() < usbip::urb_header_size) {
      break;
    }
    auto header = usbip::decode_urb(rest.first(usbip::urb_header_size));
    rest = rest.subspan(usbip::urb_header_size);
    if (header.devid != devid_) {
      return not_usbip(fmt::format("a URB for device {:#x}, but {:#x} was imported", header.devid, devid_));
    }
    if (header.command == usbip::UrbCommand::unlink) {
      unlink(header);
      eaten += usbip::urb_header_size;
      continue;
    }
    if (header.command != usbip::UrbCommand::submit) {
      return not_usbip(fmt::format("URB command {}", static_cast<std::uint32_t>(header.command)));
    }
    if (header.length < 0 || static_cast<std::size_t>(header.length) > largest_urb) {
      return not_usbip(fmt::format("a URB of {} bytes", header.length));
    }
    auto data_size = header.in ? 0 : static_cast<std::size_t>(header.length);
    if (rest.size() < data_size) {
      break;
    }
    TRY(submit(header, rest.first(data_size), owner));
    eaten += usbip::urb_header_size + data_size;
  }
  return eaten;
}

Result<void> UsbIpSession::submit(const usbip::UrbHeader& header, ByteView data,
                                  const std::shared_ptr<const Buffer>& owner) {
  if (pending_.contains(header.seqnum)) {
    return not_usbip(fmt::format("URB {} is under way already", header.seqnum));
  }
  if (pending_.size() >= most_pending || pending_bytes_ > most_pending_bytes) {
    return not_usbip(fmt::format("{} URBs of {} bytes in flight", pending_.size(), pending_bytes_));
  }
  if (header.endpoint == 0) {
    submit_control(header, data);
  } else if (header.in) {
    submit_in(header);
  } else {
    submit_out(header, data, owner);
  }
  return {};
}

void UsbIpSession::submit_control(const usbip::UrbHeader& header, ByteView data) {
  auto answer = function_->control(decode_setup(header.setup), data);
  if (!answer) {
    reply(header.seqnum, stalled, {}, 0);
  } else if (header.in) {
    auto count = std::min(answer->size(), static_cast<std::size_t>(header.length));
    reply(header.seqnum, ok, ByteView(*answer).first(count), count);
  } else {
    reply(header.seqnum, ok, {}, data.size());
  }
}

void UsbIpSession::submit_out(const usbip::UrbHeader& header, ByteView data,
                              const std::shared_ptr<const Buffer>& owner) {
  auto* endpoint = header.endpoint < 16 ? function_->out(static_cast<std::uint8_t>(header.endpoint)) : nullptr;
  if (endpoint == nullptr) {
    reply(header.seqnum, stalled, {}, 0);
    return;
  }
  auto kept = owner;
  if (endpoint->waiting()) {
    // This one has to wait too. A copy, so that no row of waiting transfers holds a whole read buffer each.
    auto copy = std::make_shared<const Buffer>(data.begin(), data.end());
    data = *copy;
    kept = std::move(copy);
  }
  auto seqnum = header.seqnum;
  submitting_ = seqnum;
  auto id =
      endpoint->submit(data, (header.flags & usbip::urb_zero_packet) != 0,
                       [this, seqnum](UrbStatus status, std::size_t actual) { completed(seqnum, status, {}, actual); });
  remember(seqnum, {static_cast<std::uint8_t>(header.endpoint), id, data.size(), std::move(kept)});
}

void UsbIpSession::submit_in(const usbip::UrbHeader& header) {
  auto address = static_cast<std::uint8_t>(direction_in | (header.endpoint & 0x0FU));
  auto* endpoint = header.endpoint < 16 ? function_->in(address) : nullptr;
  if (endpoint == nullptr) {
    reply(header.seqnum, stalled, {}, 0);
    return;
  }
  auto seqnum = header.seqnum;
  auto capacity = static_cast<std::size_t>(header.length);
  submitting_ = seqnum;
  auto id = endpoint->submit(
      capacity, [this, seqnum](UrbStatus status, ByteView data) { completed(seqnum, status, data, data.size()); });
  remember(seqnum, {address, id, capacity, nullptr});
}

/// Keeps a URB that didn't end while it was handed over.
void UsbIpSession::remember(std::uint32_t seqnum, Pending pending) {
  if (!submitting_) {
    return;
  }
  submitting_.reset();
  pending_bytes_ += pending.size;
  pending_.emplace(seqnum, std::move(pending));
}

void UsbIpSession::completed(std::uint32_t seqnum, UrbStatus status, ByteView data, std::size_t actual) {
  if (submitting_ == seqnum) {
    submitting_.reset();
  } else {
    auto found = pending_.find(seqnum);
    if (found == pending_.end()) {
      return;  // unlinked: its end is told in another way
    }
    pending_bytes_ -= found->second.size;
    pending_.erase(found);
  }
  reply(seqnum, status_of(status), data, actual);
}

void UsbIpSession::unlink(const usbip::UrbHeader& header) {
  usbip::UrbHeader answer;
  answer.command = usbip::UrbCommand::ret_unlink;
  answer.seqnum = header.seqnum;
  auto found = pending_.find(header.unlink_seqnum);
  if (found != pending_.end()) {
    auto urb = std::move(found->second);
    pending_bytes_ -= urb.size;
    pending_.erase(found);
    cancel(urb);
    answer.status = unlinked;
  }
  output_.append(usbip::encode(answer));
}

void UsbIpSession::cancel(const Pending& pending) {
  if (!alive()) {
    return;
  }
  if ((pending.address & direction_in) != 0) {
    function_->in(pending.address)->cancel(pending.id);
  } else {
    function_->out(pending.address)->cancel(pending.id);
  }
}

void UsbIpSession::reply(std::uint32_t seqnum, std::int32_t status, ByteView data, std::size_t actual) {
  usbip::UrbHeader header;
  header.command = usbip::UrbCommand::ret_submit;
  header.seqnum = seqnum;
  header.status = status;
  header.length = static_cast<std::int32_t>(actual);
  output_.append(usbip::encode(header));
  output_.append(data);
}

}  // namespace modemedic::twin
