#include "usb/usbip_pipe.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace modemedic::usb {

using namespace std::chrono_literals;
namespace usbip = protocol::usbip;

namespace {

/// One covers a Firehose raw transfer; several, so that the device can talk on while a reply is on its way to us.
constexpr std::size_t in_urb_size = 16_KiB;
constexpr std::size_t in_urbs = 4;
/// So much the device may say before anybody asks; then it has to wait.
constexpr std::size_t most_unread = 4_MiB;
constexpr std::size_t most_unread_transfers = 16384;

/// What may be under way to the device. 16 transfers of 16 KiB keep a loopback, or a network of 10 ms and 25 MB/s,
/// busy.
constexpr std::size_t out_urbs = 16;
constexpr std::size_t out_window = 512_KiB;
constexpr std::size_t largest_transfer = 16_MiB;

constexpr std::size_t input_size = 256_KiB;
constexpr Duration goodbye_patience = 1s;

Failure silent(std::string what) {
  return fail(Code::timeout).what(std::move(what)).hint("if it stays so, take all power from the modem");
}

}  // namespace

Result<std::unique_ptr<Pipe>> UsbIpPipe::open(Imported imported, const BulkPair& endpoints, const Clock& clock,
                                              std::shared_ptr<UsbIpHolds> holds, const std::string& busid) {
  std::unique_ptr<UsbIpPipe> pipe(new UsbIpPipe(std::move(imported), endpoints, clock, std::move(holds), busid));
  pipe->queue_in_urbs();
  if (pipe->failure_) {
    return fail(*pipe->failure_);
  }
  return pipe;
}

UsbIpPipe::UsbIpPipe(Imported imported, const BulkPair& endpoints, const Clock& clock,
                     std::shared_ptr<UsbIpHolds> holds, const std::string& busid)
    : imported_(std::move(imported)),
      hold_(std::move(holds), busid, imported_.socket),
      endpoints_(endpoints),
      clock_(clock),
      input_(input_size) {}

UsbIpPipe::~UsbIpPipe() {
  // Until the server has noticed, it would refuse the next import.
  imported_.socket.say_goodbye(clock_, Deadline::in(clock_, goodbye_patience));
}

Result<void> UsbIpPipe::send(ByteView bytes, Zlp zlp, Deadline deadline) {
  if (bytes.size() > largest_transfer) {
    return fail(Code::bug).what(fmt::format("a USB transfer of {} bytes", bytes.size()));
  }
  TRY_ASSIGN(auto room, wait_until([&] { return room_for(bytes.size()); }, deadline));
  if (!room) {
    return silent(fmt::format("the modem took nothing; {} bytes wait for it", out_bytes_));
  }
  usbip::UrbHeader urb;
  urb.seqnum = ++seqnum_;
  urb.devid = imported_.devid();
  urb.endpoint = endpoints_.out.address & 0x0fU;
  urb.length = static_cast<std::int32_t>(bytes.size());
  auto packet = std::max<std::size_t>(endpoints_.out.max_packet, 1);
  if (zlp == Zlp::if_multiple && !bytes.empty() && bytes.size() % packet == 0) {
    urb.flags = usbip::urb_zero_packet;
  }
  outs_.push_back({urb.seqnum, bytes.size()});
  out_bytes_ += bytes.size();
  return write(usbip::encode(urb), bytes, deadline);
}

Result<void> UsbIpPipe::flush(Deadline deadline) {
  TRY_ASSIGN(auto done, wait_until([this] { return outs_.empty(); }, deadline));
  if (!done) {
    return silent(fmt::format("the modem took nothing; {} bytes wait for it", out_bytes_));
  }
  return {};
}

Result<void> UsbIpPipe::send_last(ByteView bytes, Deadline deadline) {
  TRY(flush(deadline));
  leaving_ = true;
  for (auto in : ins_) {
    usbip::UrbHeader unlink;
    unlink.command = usbip::UrbCommand::unlink;
    unlink.seqnum = ++seqnum_;
    unlink.devid = imported_.devid();
    unlink.unlink_seqnum = in;
    unlinks_[unlink.seqnum] = in;
    TRY(write(usbip::encode(unlink), {}, deadline));
  }
  TRY_ASSIGN(auto silenced, wait_until([this] { return unlinks_.empty(); }, deadline));
  if (!silenced) {
    return silent("the USB/IP server did not take back what was to be received");
  }
  TRY(send(bytes, Zlp::never, deadline));
  return flush(deadline);
}

Result<std::size_t> UsbIpPipe::receive(std::span<std::byte> into, Deadline deadline) {
  TRY_ASSIGN(auto there, wait_until([this] { return !received_.empty(); }, deadline));
  if (!there) {
    return silent("the modem sent nothing");
  }
  auto& transfer = received_.front();
  auto count = std::min(into.size(), transfer.bytes.size() - transfer.taken);
  std::copy_n(transfer.bytes.begin() + static_cast<std::ptrdiff_t>(transfer.taken), count, into.begin());
  transfer.taken += count;
  received_bytes_ -= count;
  if (transfer.taken == transfer.bytes.size()) {
    received_.pop_front();
  }
  return count;
}

bool UsbIpPipe::room_for(std::size_t length) const {
  return unwritten_.empty() && (outs_.empty() || (outs_.size() < out_urbs && out_bytes_ + length <= out_window));
}

/// Handles what comes until `ready`, or the pipe breaks, or the deadline has passed.
/// @return what `ready` said last
Result<bool> UsbIpPipe::wait_until(const std::function<bool()>& ready, Deadline deadline) {
  for (;;) {
    if (ready()) {
      return true;
    }
    if (failure_) {
      return fail(*failure_);
    }
    read_replies();
    write_rest();
    queue_in_urbs();
    if (failure_ || ready()) {
      continue;
    }
    auto until = unwritten_.empty() ? Socket::Until::readable : Socket::Until::readable_or_writable;
    TRY_ASSIGN(auto something, imported_.socket.wait(until, clock_, deadline));
    if (!something) {
      return false;
    }
  }
}

/// Writes a URB. While the server doesn't take it, its replies are read: it may be waiting for us to.
Result<void> UsbIpPipe::write(const std::array<std::byte, usbip::urb_header_size>& header, ByteView body,
                              Deadline deadline) {
  auto head = ByteView(header);
  while (!head.empty() || !body.empty()) {
    auto count = imported_.socket.write_now({head, body});
    if (!count) {
      break_with(std::move(count.error()));
      return fail(*failure_);
    }
    auto of_head = std::min(*count, head.size());
    head = head.subspan(of_head);
    body = body.subspan(*count - of_head);
    if (*count > 0) {
      continue;
    }
    read_replies();
    if (failure_) {
      return fail(*failure_);
    }
    TRY_ASSIGN(auto something, imported_.socket.wait(Socket::Until::readable_or_writable, clock_, deadline));
    if (!something) {
      // Half a URB is on its way: the other half has to follow before anything else can.
      unwritten_.assign(head.begin(), head.end());
      unwritten_.insert(unwritten_.end(), body.begin(), body.end());
      return silent("the USB/IP server took nothing");
    }
  }
  return {};
}

void UsbIpPipe::write_rest() {
  if (failure_ || unwritten_.empty()) {
    return;
  }
  auto count = imported_.socket.write_now({ByteView(unwritten_), ByteView()});
  if (!count) {
    return break_with(std::move(count.error()));
  }
  unwritten_.erase(unwritten_.begin(), unwritten_.begin() + static_cast<std::ptrdiff_t>(*count));
}

void UsbIpPipe::queue_in_urbs() {
  while (!failure_ && !leaving_ && unwritten_.empty() && ins_.size() < in_urbs && received_bytes_ < most_unread &&
         received_.size() < most_unread_transfers) {
    usbip::UrbHeader urb;
    urb.seqnum = ++seqnum_;
    urb.devid = imported_.devid();
    urb.in = true;
    urb.endpoint = endpoints_.in.address & 0x0fU;
    urb.length = static_cast<std::int32_t>(in_urb_size);
    auto bytes = usbip::encode(urb);
    auto count = imported_.socket.write_now({ByteView(bytes), ByteView()});
    if (!count) {
      return break_with(std::move(count.error()));
    }
    ins_.push_back(urb.seqnum);
    unwritten_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(*count), bytes.end());
  }
}

/// Reads and handles all that is there.
void UsbIpPipe::read_replies() {
  while (!failure_) {
    if (input_.size() - input_end_ < in_urb_size + usbip::urb_header_size) {
      std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
      input_end_ -= std::exchange(input_begin_, 0);
    }
    auto room = std::span(input_).subspan(input_end_);
    auto count = imported_.socket.read_now(room);
    if (!count) {
      return break_with(std::move(count.error()));
    }
    input_end_ += *count;
    while (!failure_ && take_reply()) {
    }
    if (*count < room.size()) {
      return;
    }
  }
}

/// Handles the first reply of the input.
/// @return false when more bytes are needed, or it was a lie
bool UsbIpPipe::take_reply() {
  auto bytes = ByteView(input_).subspan(input_begin_, input_end_ - input_begin_);
  if (bytes.size() < usbip::urb_header_size) {
    return false;
  }
  auto reply = usbip::decode_urb(bytes.first(usbip::urb_header_size));
  if (reply.command == usbip::UrbCommand::ret_submit && reply.length >= 0) {
    if (std::find(ins_.begin(), ins_.end(), reply.seqnum) != ins_.end()) {
      return take_in_reply(reply);
    }
    if (take_out_reply(reply)) {
      return true;
    }
  }
  if (reply.command == usbip::UrbCommand::ret_unlink && take_unlink_reply(reply)) {
    return true;
  }
  if (!failure_) {
    break_with(fail(Code::device_protocol)
                   .what(fmt::format("the USB/IP server sent what answers nothing: {}",
                                     hex(bytes.first(usbip::urb_header_size))))
                   .hint("see that HOST:PORT is a USB/IP server (version 1.1.1)"));
  }
  return false;
}

/// @return false when it answers no OUT URB, or not as it may
bool UsbIpPipe::take_out_reply(const usbip::UrbHeader& reply) {
  auto urb = std::find_if(outs_.begin(), outs_.end(), [&](const OutUrb& one) { return one.seqnum == reply.seqnum; });
  if (urb == outs_.end()) {
    return false;
  }
  if (reply.status != 0) {
    break_with(fail_urb(reply.status, fmt::format("endpoint {:#04x}", endpoints_.out.address)));
    return false;
  }
  if (static_cast<std::size_t>(reply.length) != urb->length) {
    break_with(fail(Code::device_protocol)
                   .what(fmt::format("the modem took {} of {} bytes", reply.length, urb->length))
                   .hint("take all power from the modem for some seconds, and start anew"));
    return false;
  }
  out_bytes_ -= urb->length;
  outs_.erase(urb);
  input_begin_ += usbip::urb_header_size;
  return true;
}

/// @return false when its data aren't there yet, or it says more than may be
bool UsbIpPipe::take_in_reply(const usbip::UrbHeader& reply) {
  auto length = static_cast<std::size_t>(reply.length);
  if (length > in_urb_size) {
    break_with(fail(Code::device_protocol)
                   .what(fmt::format("the USB/IP server sent {} bytes where {} were asked for", length, in_urb_size))
                   .hint("see that HOST:PORT is a USB/IP server (version 1.1.1)"));
    return false;
  }
  auto bytes = ByteView(input_).subspan(input_begin_, input_end_ - input_begin_).subspan(usbip::urb_header_size);
  if (bytes.size() < length) {
    return false;
  }
  if (reply.status != 0) {
    break_with(fail_urb(reply.status, fmt::format("endpoint {:#04x}", endpoints_.in.address)));
    return false;
  }
  std::erase(ins_, reply.seqnum);
  received_.push_back({.bytes = Buffer(bytes.begin(), bytes.begin() + reply.length)});
  received_bytes_ += length;
  input_begin_ += usbip::urb_header_size + length;
  return true;
}

/// @return false when nothing was unlinked so
bool UsbIpPipe::take_unlink_reply(const usbip::UrbHeader& reply) {
  auto unlink = unlinks_.find(reply.seqnum);
  if (unlink == unlinks_.end()) {
    return false;
  }
  std::erase(ins_, unlink->second);
  unlinks_.erase(unlink);
  input_begin_ += usbip::urb_header_size;
  return true;
}

void UsbIpPipe::break_with(Error error) {
  if (!failure_) {
    failure_ = std::move(error);
  }
}

}  // namespace modemedic::usb
