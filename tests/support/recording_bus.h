#pragma once

#include "usb/bus.h"

#include <memory>
#include <utility>
#include <vector>

namespace modemedic::test {

/// A bus that keeps what goes out over its pipes.
class RecordingBus final : public usb::Bus {
public:
  explicit RecordingBus(usb::Bus& inner) : inner_(inner) {}

  Result<std::vector<usb::DeviceInfo>> snapshot() override { return inner_.snapshot(); }

  Result<bool> wait_change(Deadline deadline) override { return inner_.wait_change(deadline); }

  Result<std::unique_ptr<usb::Pipe>> open(const usb::DeviceInfo& device, std::uint8_t interface_number) override {
    TRY_ASSIGN(auto pipe, inner_.open(device, interface_number));
    return std::make_unique<RecordingPipe>(std::move(pipe), *this);
  }

  Result<std::unique_ptr<usb::Reservation>> reserve(const usb::DeviceInfo& device, usb::Purpose purpose,
                                                    Events& events) override {
    return inner_.reserve(device, purpose, events);
  }

  const Clock& clock() const override { return inner_.clock(); }

  struct Transfer {
    std::size_t size = 0;
    usb::Zlp zlp = usb::Zlp::never;
    Buffer head;  ///< up to 4 KiB of it
  };

  std::vector<Transfer> sent;

private:
  class RecordingPipe final : public usb::Pipe {
  public:
    RecordingPipe(std::unique_ptr<usb::Pipe> inner, RecordingBus& bus) : inner_(std::move(inner)), bus_(bus) {}

    Result<void> send(ByteView bytes, usb::Zlp zlp, Deadline deadline) override {
      auto head = bytes.first(std::min<std::size_t>(bytes.size(), 4096));
      bus_.sent.push_back({bytes.size(), zlp, Buffer(head.begin(), head.end())});
      return inner_->send(bytes, zlp, deadline);
    }

    Result<void> flush(Deadline deadline) override { return inner_->flush(deadline); }

    Result<void> send_last(ByteView bytes, Deadline deadline) override {
      bus_.sent.push_back({bytes.size(), usb::Zlp::never, Buffer(bytes.begin(), bytes.end())});
      return inner_->send_last(bytes, deadline);
    }

    Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override {
      return inner_->receive(into, deadline);
    }

  private:
    std::unique_ptr<usb::Pipe> inner_;
    RecordingBus& bus_;
  };

  usb::Bus& inner_;
};

}  // namespace modemedic::test
