#include "usb/libusb_queues.h"

#include <algorithm>

#include <libusb.h>

namespace modemedic::usb {

namespace {

constexpr std::size_t out_depth = 9;  // eight, and a zero-length packet
constexpr std::size_t in_depth = 4;
/// One URB on every kernel; a multiple of any packet size, after rounding up, so that no packet overflows it.
constexpr std::size_t in_size = 16_KiB;
/// A modem that talks on although nobody listens is left waiting from here on.
constexpr std::size_t most_untaken = 4_MiB;

}  // namespace

LibusbQueue::LibusbQueue(libusb_device_handle* handle, const EndpointInfo& endpoint, std::size_t depth)
    : handle_(handle), address_(endpoint.address), status_(LIBUSB_TRANSFER_COMPLETED) {
  for (std::size_t i = 0; i < depth; ++i) {
    auto transfer = std::make_unique<Transfer>();
    transfer->queue = this;
    transfer->raw = libusb_alloc_transfer(0);
    transfers_.push_back(std::move(transfer));
  }
}

LibusbQueue::~LibusbQueue() {
  for (auto& transfer : transfers_) {
    libusb_free_transfer(transfer->raw);
  }
}

void LibusbQueue::cancel() {
  cancelling_ = true;
  for (auto& transfer : transfers_) {
    if (transfer->pending) {
      libusb_cancel_transfer(transfer->raw);  // one that ended meanwhile says so: its end is on its way
    }
  }
}

void LibusbQueue::forgive() {
  cancelling_ = false;
  status_ = LIBUSB_TRANSFER_COMPLETED;
}

LibusbQueue::Transfer* LibusbQueue::unused() {
  auto found = std::ranges::find_if(transfers_, [](const auto& transfer) { return !transfer->pending; });
  return found == transfers_.end() ? nullptr : found->get();
}

int LibusbQueue::submit(Transfer& transfer, std::uint8_t flags) {
  if (transfer.raw == nullptr) {
    return LIBUSB_ERROR_NO_MEM;
  }
  libusb_fill_bulk_transfer(transfer.raw, handle_, address_, reinterpret_cast<unsigned char*>(transfer.bytes.data()),
                            static_cast<int>(transfer.bytes.size()), &ended, &transfer, 0);
  transfer.raw->flags = flags;
  auto result = libusb_submit_transfer(transfer.raw);
  if (result == LIBUSB_SUCCESS) {
    transfer.pending = true;
    ++pending_;
  }
  return result;
}

void LibusbQueue::note(int status) {
  if (status_ == LIBUSB_TRANSFER_COMPLETED) {
    status_ = status;
  }
}

void LibusbQueue::ended(libusb_transfer* raw) {
  auto& transfer = *static_cast<Transfer*>(raw->user_data);
  auto& queue = *transfer.queue;
  transfer.pending = false;
  --queue.pending_;
  if (raw->status != LIBUSB_TRANSFER_COMPLETED && !(raw->status == LIBUSB_TRANSFER_CANCELLED && queue.cancelling_)) {
    queue.note(raw->status);
  }
  auto count = std::min(static_cast<std::size_t>(std::max(raw->actual_length, 0)), transfer.bytes.size());
  if (raw->status == LIBUSB_TRANSFER_COMPLETED || count > 0) {
    queue.completed(transfer, ByteView(transfer.bytes).first(count));
  }
}

LibusbOutQueue::LibusbOutQueue(libusb_device_handle* handle, const EndpointInfo& endpoint)
    : LibusbQueue(handle, endpoint, out_depth) {}

int LibusbOutQueue::send(ByteView bytes, bool zlp) {
  if (full()) {
    return LIBUSB_ERROR_BUSY;
  }
  if (zlp && system_adds_zlp_) {
    auto result = send_one(bytes, LIBUSB_TRANSFER_ADD_ZERO_PACKET);
    if (result != LIBUSB_ERROR_NOT_SUPPORTED) {
      return result;
    }
    system_adds_zlp_ = false;
  }
  auto result = send_one(bytes, 0);
  return zlp && result == LIBUSB_SUCCESS ? send_one({}, 0) : result;
}

int LibusbOutQueue::send_one(ByteView bytes, std::uint8_t flags) {
  auto* transfer = unused();
  if (transfer == nullptr) {
    return LIBUSB_ERROR_BUSY;
  }
  transfer->bytes.assign(bytes.begin(), bytes.end());
  return submit(*transfer, flags);
}

void LibusbOutQueue::completed(Transfer& /*transfer*/, ByteView /*bytes*/) {}

LibusbInQueue::LibusbInQueue(libusb_device_handle* handle, const EndpointInfo& endpoint)
    : LibusbQueue(handle, endpoint, in_depth),
      transfer_size_((in_size + endpoint.max_packet - 1) / endpoint.max_packet * endpoint.max_packet) {}

void LibusbInQueue::listen() {
  while (status() == LIBUSB_TRANSFER_COMPLETED && !cancelling() && inbox_bytes_ < most_untaken) {
    auto* transfer = unused();
    if (transfer == nullptr) {
      return;
    }
    transfer->bytes.resize(transfer_size_);
    auto result = submit(*transfer, 0);
    if (result != LIBUSB_SUCCESS) {
      note(result == LIBUSB_ERROR_NO_DEVICE ? LIBUSB_TRANSFER_NO_DEVICE : LIBUSB_TRANSFER_ERROR);
    }
  }
}

std::size_t LibusbInQueue::take(std::span<std::byte> into) {
  auto& first = inbox_.front();
  auto rest = ByteView(first).subspan(taken_of_first_);
  auto count = std::min(rest.size(), into.size());
  std::ranges::copy(rest.first(count), into.begin());
  taken_of_first_ += count;
  if (count == rest.size()) {
    inbox_bytes_ -= first.size() + sizeof(Buffer);
    inbox_.pop_front();
    taken_of_first_ = 0;
    listen();
  }
  return count;
}

void LibusbInQueue::completed(Transfer& /*transfer*/, ByteView bytes) {
  inbox_.emplace_back(bytes.begin(), bytes.end());
  inbox_bytes_ += bytes.size() + sizeof(Buffer);  // a modem may send nothing but zero-length transfers
  listen();
}

}  // namespace modemedic::usb
