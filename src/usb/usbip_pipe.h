#pragma once

#include "protocol/usbip_wire.h"
#include "usb/fingerprint.h"
#include "usb/pipe.h"
#include "usb/usbip_client.h"
#include "usb/usbip_holds.h"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace modemedic::usb {

/// A bulk pair over one USB/IP connection.
///
/// Several IN URBs are pending from open to close. OUT URBs are queued up to a window, so that neither the network nor
/// the device idles between two sends; a send's own failure may so come with a later call.
class UsbIpPipe final : public Pipe {
public:
  /// Queues the IN URBs.
  static Result<std::unique_ptr<Pipe>> open(Imported imported, const BulkPair& endpoints, const Clock& clock,
                                            std::shared_ptr<UsbIpHolds> holds, const std::string& busid);

  ~UsbIpPipe() override;

  Result<void> send(ByteView bytes, Zlp zlp, Deadline deadline) override;
  Result<void> flush(Deadline deadline) override;
  Result<void> send_last(ByteView bytes, Deadline deadline) override;
  Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override;

private:
  UsbIpPipe(Imported imported, const BulkPair& endpoints, const Clock& clock, std::shared_ptr<UsbIpHolds> holds,
            const std::string& busid);

  struct OutUrb {
    std::uint32_t seqnum;
    std::size_t length;
  };

  struct Transfer {
    Buffer bytes;
    std::size_t taken = 0;
  };

  bool room_for(std::size_t length) const;
  Result<bool> wait_until(const std::function<bool()>& ready, Deadline deadline);
  Result<void> write(const std::array<std::byte, protocol::usbip::urb_header_size>& header, ByteView body,
                     Deadline deadline);
  void write_rest();
  void queue_in_urbs();
  void read_replies();
  bool take_reply();
  bool take_out_reply(const protocol::usbip::UrbHeader& reply);
  bool take_in_reply(const protocol::usbip::UrbHeader& reply);
  bool take_unlink_reply(const protocol::usbip::UrbHeader& reply);
  void break_with(Error error);

  Imported imported_;
  UsbIpHolds::Hold hold_;
  BulkPair endpoints_;
  const Clock& clock_;
  std::optional<Error> failure_;
  std::uint32_t seqnum_ = 0;

  std::deque<OutUrb> outs_;  ///< sent, not answered yet
  std::size_t out_bytes_ = 0;
  Buffer unwritten_;  ///< of the last URB, when a deadline cut it or the socket took no more

  std::deque<std::uint32_t> ins_;                   ///< seqnums
  std::map<std::uint32_t, std::uint32_t> unlinks_;  ///< seqnum of the unlink -> that of the IN URB
  bool leaving_ = false;                            ///< no more IN URBs
  std::deque<Transfer> received_;
  std::size_t received_bytes_ = 0;

  Buffer input_;  ///< replies as they come; [begin, end) is not handled yet
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
};

}  // namespace modemedic::usb
