#pragma once

#include "base/bytes.h"
#include "usb/fingerprint.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

struct libusb_device_handle;
struct libusb_transfer;

/// Several transfers of one endpoint on the wire at once. They move on while the event loop runs. Nothing here waits.
namespace modemedic::usb {

class LibusbQueue {
public:
  LibusbQueue(libusb_device_handle* handle, const EndpointInfo& endpoint, std::size_t depth);
  virtual ~LibusbQueue();
  LibusbQueue(const LibusbQueue&) = delete;
  LibusbQueue& operator=(const LibusbQueue&) = delete;

  /// Nothing is on the wire. Only then may it be destroyed.
  bool idle() const { return pending_ == 0; }

  /// Takes back what is on the wire; idle() becomes true while the event loop runs.
  void cancel();

  /// How the first transfer ended that ended badly (libusb_transfer_status), LIBUSB_TRANSFER_COMPLETED when none did.
  int status() const { return status_; }

  /// Starts afresh after a bad end. To be called when idle.
  void forgive();

protected:
  struct Transfer {
    LibusbQueue* queue = nullptr;
    libusb_transfer* raw = nullptr;
    Buffer bytes;
    bool pending = false;
  };

  /// The first that is not on the wire, null when all are.
  Transfer* unused();

  std::size_t unused_count() const { return transfers_.size() - pending_; }

  /// @return a libusb error number
  int submit(Transfer& transfer, std::uint8_t flags);

  void note(int status);

  bool cancelling() const { return cancelling_; }

private:
  static void ended(libusb_transfer* raw);
  virtual void completed(Transfer& transfer, ByteView bytes) = 0;

  libusb_device_handle* handle_;
  std::uint8_t address_;
  std::vector<std::unique_ptr<Transfer>> transfers_;
  std::size_t pending_ = 0;
  int status_ = 0;
  bool cancelling_ = false;
};

/// What we send.
class LibusbOutQueue final : public LibusbQueue {
public:
  LibusbOutQueue(libusb_device_handle* handle, const EndpointInfo& endpoint);

  /// There is always room for what is sent and for a zero-length packet of its own.
  bool full() const { return unused_count() < 2; }

  /// @param zlp  a zero-length packet follows: added by the system, or as a transfer of its own where it can't do that
  /// @return a libusb error number; LIBUSB_ERROR_BUSY when full
  int send(ByteView bytes, bool zlp);

private:
  int send_one(ByteView bytes, std::uint8_t flags);
  void completed(Transfer& transfer, ByteView bytes) override;

  bool system_adds_zlp_ = true;  ///< until it says otherwise
};

/// What the device sends: taken off the wire at once, and kept until somebody asks for it.
class LibusbInQueue final : public LibusbQueue {
public:
  LibusbInQueue(libusb_device_handle* handle, const EndpointInfo& endpoint);

  /// Has a transfer on the wire from now on, as long as not too much lies here untaken.
  void listen();

  bool has_bytes() const { return !inbox_.empty(); }

  /// The next transfer's bytes, or as many as fit.
  std::size_t take(std::span<std::byte> into);

private:
  void completed(Transfer& transfer, ByteView bytes) override;

  std::size_t transfer_size_;
  std::deque<Buffer> inbox_;
  std::size_t inbox_bytes_ = 0;
  std::size_t taken_of_first_ = 0;
};

}  // namespace modemedic::usb
