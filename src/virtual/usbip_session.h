#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "protocol/usbip_wire.h"
#include "virtual/pluggable.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

namespace modemedic::twin {

/// Bytes on their way to a client.
class OutputQueue {
public:
  void append(ByteView bytes);

  ByteView waiting() const { return ByteView(bytes_).subspan(sent_); }

  bool empty() const { return sent_ == bytes_.size(); }

  void sent(std::size_t count);

private:
  Buffer bytes_;
  std::size_t sent_ = 0;
};

/// A virtual modem that a USB/IP client has imported: its URBs go to the endpoints, their ends come back as replies.
/// Knows no socket. Lives as long as the modem stays the device that was imported.
class UsbIpSession {
public:
  /// A client with more than this in flight is no host that we know.
  static constexpr std::size_t most_pending = 4096;
  static constexpr std::size_t most_pending_bytes = 16_MiB;
  static constexpr std::size_t largest_urb = 1_MiB;

  /// While this much waits for a slow reader, feed() eats nothing more.
  static constexpr std::size_t most_output = 1_MiB;

  /// @param devid  what the client has to name in each URB
  UsbIpSession(Pluggable& modem, std::uint32_t devid, OutputQueue& output);
  ~UsbIpSession();
  UsbIpSession(const UsbIpSession&) = delete;
  UsbIpSession& operator=(const UsbIpSession&) = delete;

  /// Handles the whole URBs at the start of `input`.
  /// @param owner  keeps `input` alive and unchanged as long as a transfer in it waits for the modem
  /// @return how many bytes were eaten; Code::device_protocol when this is not USB/IP, or beyond our bounds
  Result<std::size_t> feed(ByteView input, const std::shared_ptr<const Buffer>& owner);

  /// False when the modem has left the bus, or is another device now.
  bool alive() const;

private:
  struct Pending {
    std::uint8_t address;  ///< of the endpoint
    std::uint64_t id;      ///< of the URB at the endpoint
    std::size_t size;      ///< bytes it may hold
    std::shared_ptr<const Buffer> owner;
  };

  Result<void> submit(const protocol::usbip::UrbHeader& header, ByteView data,
                      const std::shared_ptr<const Buffer>& owner);
  void submit_control(const protocol::usbip::UrbHeader& header, ByteView data);
  void submit_out(const protocol::usbip::UrbHeader& header, ByteView data, const std::shared_ptr<const Buffer>& owner);
  void submit_in(const protocol::usbip::UrbHeader& header);
  void unlink(const protocol::usbip::UrbHeader& header);
  void remember(std::uint32_t seqnum, Pending pending);
  void completed(std::uint32_t seqnum, UrbStatus status, ByteView data, std::size_t actual);
  void reply(std::uint32_t seqnum, std::int32_t status, ByteView data, std::size_t actual);
  void cancel(const Pending& pending);

  Pluggable& modem_;
  UsbFunction* function_;
  std::uint64_t enumeration_;
  std::uint32_t devid_;
  OutputQueue& output_;
  std::unordered_map<std::uint32_t, Pending> pending_;  ///< by sequence number
  std::size_t pending_bytes_ = 0;
  std::optional<std::uint32_t> submitting_;  ///< the one that is being handed over: not pending yet
};

}  // namespace modemedic::twin
