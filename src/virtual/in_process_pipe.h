#pragma once

#include "usb/pipe.h"
#include "virtual/in_process_bus.h"

#include <optional>
#include <string>
#include <vector>

namespace modemedic::twin {

/// The bulk pair of one interface on the in-process bus. What is sent goes to the endpoint as the caller's own bytes;
/// what is received waits here when nobody asked for it yet.
class InProcessPipe final : public usb::Pipe {
public:
  /// @param interface  registered in the bus as opened; the pipe takes it out again
  InProcessPipe(InProcessBus& bus, Pluggable& modem, InProcessBus::Opened opened, const usb::BulkPair& endpoints,
                std::string port);
  ~InProcessPipe() override;

  Result<void> send(ByteView bytes, usb::Zlp zlp, Deadline deadline) override;
  Result<void> flush(Deadline deadline) override;
  Result<void> send_last(ByteView bytes, Deadline deadline) override;
  Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override;

private:
  /// Transfers that came before they were asked for, in slots that are used again and again.
  class Arrivals {
  public:
    bool empty() const { return count_ == 0; }

    bool full() const { return count_ == slots_.size(); }

    void push(ByteView bytes);
    std::size_t take(std::span<std::byte> into);

  private:
    std::vector<Buffer> slots_{64};
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::size_t taken_ = 0;  ///< bytes of the first one
  };

  bool connected() const;
  void queue_in();
  void unqueue_in();
  void arrived(UrbStatus status, ByteView data);
  Failure lost() const;
  Failure timed_out(std::string_view what, Deadline deadline, TimePoint since) const;

  InProcessBus& bus_;
  Pluggable& modem_;
  InProcessBus::Opened opened_;
  std::string port_;
  const UsbFunction* function_;
  OutEndpoint* out_;  ///< these two are there while connected()
  InEndpoint* in_;
  std::optional<UrbStatus> sent_;
  std::optional<std::uint64_t> pending_in_;  ///< the IN URB that waits; 0 while it is being submitted
  Arrivals arrivals_;
  std::span<std::byte> wanted_;          ///< where receive() wants the next bytes
  std::optional<std::size_t> received_;  ///< how many came there
  bool babbled_ = false;                 ///< since receive() said so last
  bool waiting_ = false;                 ///< receive() waits
  bool leaving_ = false;                 ///< nothing is received any more
};

}  // namespace modemedic::twin
