#include "rehearsal/mishap_bus.h"

#include <algorithm>
#include <utility>

namespace modemedic::rehearsal {

/// A pipe of the bus, on which each message is counted.
class MishapBus::CountingPipe final : public usb::Pipe {
public:
  CountingPipe(MishapBus& bus, std::unique_ptr<usb::Pipe> real) : bus_(bus), real_(std::move(real)) {}

  Result<void> send(ByteView bytes, usb::Zlp zlp, Deadline deadline) override {
    TRY(bus_.alive());
    if (auto some = bus_.begin_message()) {
      auto part = bytes.first(std::min<std::uint64_t>(bytes.size(), *some));
      if (!part.empty()) {
        TRY(real_->send(part, part.size() == bytes.size() ? zlp : usb::Zlp::never, deadline));
      }
      bus_.strike();
      TRY(bus_.alive());
      return part.size() == bytes.size() ? Result<void>{} : real_->send(bytes.subspan(part.size()), zlp, deadline);
    }
    return real_->send(bytes, zlp, deadline);
  }

  Result<void> flush(Deadline deadline) override {
    TRY(bus_.alive());
    return real_->flush(deadline);
  }

  Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override {
    TRY(bus_.alive());
    if (bus_.begin_message()) {
      bus_.strike();
      TRY(bus_.alive());
    }
    return real_->receive(into, deadline);
  }

private:
  MishapBus& bus_;
  std::unique_ptr<usb::Pipe> real_;
};

void MishapBus::strike_at(std::uint64_t at, std::uint64_t within, std::function<void()> strike) {
  messages_ = 0;
  at_ = at;
  within_ = within;
  strike_ = std::move(strike);
}

Result<std::vector<usb::DeviceInfo>> MishapBus::snapshot() {
  TRY(alive());
  return real_.snapshot();
}

Result<bool> MishapBus::wait_change(Deadline deadline) {
  TRY(alive());
  return real_.wait_change(deadline);
}

Result<std::unique_ptr<usb::Pipe>> MishapBus::open(const usb::DeviceInfo& device, std::uint8_t interface_number) {
  TRY(alive());
  TRY_ASSIGN(auto pipe, real_.open(device, interface_number));
  return std::make_unique<CountingPipe>(*this, std::move(pipe));
}

std::optional<std::uint64_t> MishapBus::begin_message() {
  auto struck = strike_ && messages_ == at_;
  ++messages_;
  return struck ? std::optional(within_) : std::nullopt;
}

void MishapBus::strike() {
  std::exchange(strike_, nullptr)();
}

Result<void> MishapBus::alive() const {
  return dead_ ? fail(Code::io).what("the host is dead") : Result<void>{};
}

}  // namespace modemedic::rehearsal
