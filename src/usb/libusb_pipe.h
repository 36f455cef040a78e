#pragma once

#include "usb/fingerprint.h"
#include "usb/libusb_claim.h"
#include "usb/libusb_queues.h"
#include "usb/pipe.h"

#include <memory>

namespace modemedic::usb {

/// A bulk pair over libusb: transfers are queued several deep both ways, so that the wire never waits for us.
class LibusbPipe final : public Pipe {
public:
  static Result<std::unique_ptr<Pipe>> open(std::unique_ptr<LibusbClaim> claim, const BulkPair& pair,
                                            const Clock& clock);

  /// Cancels what is on the wire and gives the interface back.
  ~LibusbPipe() override;

  Result<void> send(ByteView bytes, Zlp zlp, Deadline deadline) override;
  Result<void> flush(Deadline deadline) override;
  Result<void> send_last(ByteView bytes, Deadline deadline) override;
  Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override;

private:
  LibusbPipe(std::unique_ptr<LibusbClaim> claim, const BulkPair& pair, const Clock& clock);

  Result<void> submit(ByteView piece, bool zlp, Deadline deadline);
  Result<void> wait_out(const std::function<bool()>& ready, Deadline deadline);
  Failure out_failed();
  Failure in_failed();
  Failure recover(LibusbQueue& queue, std::uint8_t endpoint);
  Failure explain(int transfer_status, std::uint8_t endpoint);
  bool gone();
  bool settled(const LibusbQueue& queue);

  const Clock& clock_;
  std::unique_ptr<LibusbClaim> claim_;
  EndpointInfo in_endpoint_;
  EndpointInfo out_endpoint_;
  std::unique_ptr<LibusbInQueue> in_;
  std::unique_ptr<LibusbOutQueue> out_;
};

}  // namespace modemedic::usb
