#include "rehearsal/mishap_bus.h"

#include <algorithm>
#include <utility>

namespace modemedic::rehearsal {

namespace {

/// An enumeration that a device had before the cable was pulled is another one afterwards.
constexpr unsigned plugged_bits = 48;

}  // namespace

/// A pipe of the bus, on which each message is counted.
class MishapBus::CountingPipe final : public usb::Pipe {
public:
  CountingPipe(MishapBus& bus, std::unique_ptr<usb::Pipe> real)
      : bus_(bus), real_(std::move(real)), plugged_(bus.plugged_) {}

  Result<void> send(ByteView bytes, usb::Zlp zlp, Deadline deadline) override {
    TRY(connected());
    if (auto some = bus_.begin_message()) {
      auto part = bytes.first(std::min<std::uint64_t>(bytes.size(), *some));
      if (!part.empty()) {
        TRY(real_->send(part, part.size() == bytes.size() ? zlp : usb::Zlp::never, deadline));
      }
      bus_.strike();
      TRY(connected());
      return part.size() == bytes.size() ? Result<void>{} : real_->send(bytes.subspan(part.size()), zlp, deadline);
    }
    return real_->send(bytes, zlp, deadline);
  }

  Result<void> flush(Deadline deadline) override {
    TRY(connected());
    return real_->flush(deadline);
  }

  Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override {
    TRY(connected());
    if (bus_.begin_message()) {
      bus_.strike();
      TRY(connected());
    }
    return real_->receive(into, deadline);
  }

private:
  Result<void> connected() {
    TRY(bus_.alive());
    if (plugged_ != bus_.plugged_) {
      real_.reset();
    }
    return real_ ? Result<void>{} : fail(Code::modem_lost).what("the modem left the bus");
  }

  MishapBus& bus_;
  std::unique_ptr<usb::Pipe> real_;
  std::uint64_t plugged_;
};

void MishapBus::strike_at(std::uint64_t at, std::uint64_t within, std::function<void()> strike) {
  messages_ = 0;
  at_ = at;
  within_ = within;
  strike_ = std::move(strike);
}

Result<std::vector<usb::DeviceInfo>> MishapBus::snapshot() {
  TRY(alive());
  TRY_ASSIGN(auto devices, real_.snapshot());
  if (unplugged_) {
    devices.clear();
  }
  for (auto& device : devices) {
    device.enumeration += plugged_ << plugged_bits;
  }
  return devices;
}

Result<bool> MishapBus::wait_change(Deadline deadline) {
  TRY(alive());
  if (!unplugged_) {
    return real_.wait_change(deadline);
  }
  while (!deadline.passed(clock())) {  // whatever the modem does meanwhile
    TRY(real_.snapshot());
    TRY(real_.wait_change(deadline));
  }
  return false;
}

Result<std::unique_ptr<usb::Pipe>> MishapBus::open(const usb::DeviceInfo& device, std::uint8_t interface_number) {
  TRY(alive());
  if (unplugged_ || device.enumeration >> plugged_bits != plugged_) {
    return fail(Code::modem_lost).what("the modem has left the bus since it was seen");
  }
  auto as_it_knows_it = device;
  as_it_knows_it.enumeration -= plugged_ << plugged_bits;
  TRY_ASSIGN(auto pipe, real_.open(as_it_knows_it, interface_number));
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
