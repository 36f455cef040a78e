#include "usb/libusb_pipe.h"

#include "usb/libusb_words.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <libusb.h>

namespace modemedic::usb {

using namespace std::chrono_literals;

namespace {

/// Larger sends go as several transfers, so that the kernel's memory for them (16 MB in all) is never an issue.
constexpr std::size_t largest_transfer = 256_KiB;
/// The kernel takes transfers back at once; a host controller that doesn't answer any more never does.
constexpr Duration cancel_patience = 1s;
/// A hub reports a disconnect some 100 ms after the first transfers have failed of it.
constexpr Duration disconnect_patience = 600ms;
constexpr Duration between_questions = 20ms;
constexpr unsigned question_timeout_ms = 100;

}  // namespace

Result<std::unique_ptr<Pipe>> LibusbPipe::open(std::unique_ptr<LibusbClaim> claim, const BulkPair& pair,
                                               const Clock& clock) {
  std::unique_ptr<LibusbPipe> pipe(new LibusbPipe(std::move(claim), pair, clock));
  pipe->in_->listen();
  if (pipe->in_->status() != LIBUSB_TRANSFER_COMPLETED) {
    return pipe->in_failed();
  }
  return pipe;
}

LibusbPipe::LibusbPipe(std::unique_ptr<LibusbClaim> claim, const BulkPair& pair, const Clock& clock)
    : clock_(clock),
      claim_(std::move(claim)),
      in_endpoint_(pair.in),
      out_endpoint_(pair.out),
      in_(std::make_unique<LibusbInQueue>(claim_->handle(), pair.in)),
      out_(std::make_unique<LibusbOutQueue>(claim_->handle(), pair.out)) {}

LibusbPipe::~LibusbPipe() {
  in_->cancel();
  out_->cancel();
  // What the kernel doesn't give back must not be freed under it: closing the device ends it, and it is left behind.
  if (!settled(*in_)) {
    static_cast<void>(in_.release());
  }
  if (!settled(*out_)) {
    static_cast<void>(out_.release());
  }
}

Result<void> LibusbPipe::send(ByteView bytes, Zlp zlp, Deadline deadline) {
  auto packet = std::size_t{out_endpoint_.max_packet};
  auto piece_size = largest_transfer / packet * packet;
  auto end_packet = zlp == Zlp::if_multiple && !bytes.empty() && bytes.size() % packet == 0;
  do {
    auto piece = bytes.first(std::min(bytes.size(), piece_size));
    bytes = bytes.subspan(piece.size());
    TRY(submit(piece, end_packet && bytes.empty(), deadline));
  } while (!bytes.empty());
  return {};
}

Result<void> LibusbPipe::submit(ByteView piece, bool zlp, Deadline deadline) {
  TRY(wait_out([this] { return !out_->full(); }, deadline));
  auto result = out_->send(piece, zlp);
  if (result != LIBUSB_SUCCESS) {
    return fail_libusb(result, fmt::format("send {} bytes", piece.size()));
  }
  return {};
}

Result<void> LibusbPipe::flush(Deadline deadline) {
  return wait_out([this] { return out_->idle(); }, deadline);
}

Result<void> LibusbPipe::send_last(ByteView bytes, Deadline deadline) {
  in_->cancel();
  settled(*in_);
  TRY(send(bytes, Zlp::never, deadline));
  return flush(deadline);
}

Result<void> LibusbPipe::wait_out(const std::function<bool()>& ready, Deadline deadline) {
  auto ended = claim_->loop().run_until([&] { return out_->status() != LIBUSB_TRANSFER_COMPLETED || ready(); }, clock_,
                                        deadline);
  if (!ended) {
    // What is left must not reach the modem later, in the middle of something else.
    out_->cancel();
    if (settled(*out_)) {
      out_->forgive();
    }
    return fail(Code::timeout)
        .what(fmt::format("the modem takes no data (endpoint {:#04x})", out_endpoint_.address))
        .hint("take the modem's power away and give it back, then try again");
  }
  return out_->status() == LIBUSB_TRANSFER_COMPLETED ? Result<void>{} : out_failed();
}

Result<std::size_t> LibusbPipe::receive(std::span<std::byte> into, Deadline deadline) {
  auto ended = claim_->loop().run_until(
      [this] { return in_->has_bytes() || in_->status() != LIBUSB_TRANSFER_COMPLETED; }, clock_, deadline);
  if (!ended) {
    return fail(Code::timeout)
        .what(fmt::format("the modem sent nothing (endpoint {:#04x})", in_endpoint_.address))
        .hint("take the modem's power away and give it back, then try again");
  }
  if (!in_->has_bytes()) {
    return in_failed();
  }
  return in_->take(into);
}

Failure LibusbPipe::out_failed() {
  return recover(*out_, out_endpoint_.address);
}

Failure LibusbPipe::in_failed() {
  auto failure = recover(*in_, in_endpoint_.address);
  in_->listen();
  return failure;
}

/// Says what went wrong, and makes the queue usable again where the modem is still there.
Failure LibusbPipe::recover(LibusbQueue& queue, std::uint8_t endpoint) {
  auto status = queue.status();
  queue.cancel();
  auto empty = settled(queue);
  auto failure = explain(status, endpoint);
  if (empty && status != LIBUSB_TRANSFER_NO_DEVICE) {
    queue.forgive();
  }
  return failure;
}

/// A transfer that failed on the wire may be the first sign of a modem that leaves: it is asked whether it's there.
Failure LibusbPipe::explain(int transfer_status, std::uint8_t endpoint) {
  if (transfer_status == LIBUSB_TRANSFER_STALL) {
    libusb_clear_halt(claim_->handle(), endpoint);
  } else if (transfer_status == LIBUSB_TRANSFER_ERROR && gone()) {
    transfer_status = LIBUSB_TRANSFER_NO_DEVICE;
  }
  return fail_transfer(transfer_status, endpoint);
}

bool LibusbPipe::gone() {
  constexpr std::uint8_t standard_in_device = 0x80;  // bmRequestType (USB 2.0, 9.3.1)
  auto deadline = Deadline::in(clock_, disconnect_patience);
  do {
    std::array<unsigned char, 2> answer{};
    auto result = libusb_control_transfer(claim_->handle(), standard_in_device, LIBUSB_REQUEST_GET_STATUS, 0, 0,
                                          answer.data(), answer.size(), question_timeout_ms);
    if (result >= 0 || result == LIBUSB_ERROR_NO_DEVICE) {
      return result == LIBUSB_ERROR_NO_DEVICE;
    }
    claim_->loop().run_until([] { return false; }, clock_, Deadline::in(clock_, between_questions));
  } while (!deadline.passed(clock_));
  return false;
}

bool LibusbPipe::settled(const LibusbQueue& queue) {
  return claim_->loop().run_until([&] { return queue.idle(); }, clock_, Deadline::in(clock_, cancel_patience));
}

}  // namespace modemedic::usb
