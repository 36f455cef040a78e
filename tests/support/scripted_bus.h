#pragma once

#include "usb/bus.h"
#include "virtual/timers.h"

#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace modemedic::test {

/// A bus with one device that answers what a test makes up, however wrong. Time is simulated: silence costs nothing.
class ScriptedBus final : public usb::Bus {
public:
  /// What the device sends back for each transfer it gets, transfer by transfer.
  using Answer = std::function<std::vector<std::string>(std::uint8_t interface_number, const std::string& sent)>;

  ScriptedBus(usb::Fingerprint fingerprint, Answer answer)
      : answer_(std::move(answer)), device_{"1-1", 1, std::move(fingerprint), {}} {}

  Result<std::vector<usb::DeviceInfo>> snapshot() override { return std::vector{device_}; }

  Result<bool> wait_change(Deadline deadline) override {
    clock_.advance_to(deadline.at);
    return false;
  }

  Result<std::unique_ptr<usb::Pipe>> open(const usb::DeviceInfo&, std::uint8_t interface_number) override {
    return std::make_unique<ScriptedPipe>(*this, interface_number);
  }

  const Clock& clock() const override { return clock_; }

  const usb::DeviceInfo& device() const { return device_; }

  std::vector<std::string> sent;
  std::vector<std::string> unasked;  ///< what the device says to whoever opens it

private:
  class ScriptedPipe final : public usb::Pipe {
  public:
    ScriptedPipe(ScriptedBus& bus, std::uint8_t number)
        : bus_(bus), number_(number), inbox_(bus.unasked.begin(), bus.unasked.end()) {}

    Result<void> send(ByteView bytes, usb::Zlp, Deadline) override {
      bus_.sent.emplace_back(as_text(bytes));
      for (auto& transfer : bus_.answer_(number_, bus_.sent.back())) {
        inbox_.push_back(std::move(transfer));
      }
      return {};
    }

    Result<void> flush(Deadline) override { return {}; }

    Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override {
      if (inbox_.empty()) {
        bus_.clock_.advance_to(deadline.at);
        return fail(Code::timeout).what("silence");
      }
      auto& first = inbox_.front();
      auto count = std::min(first.size(), into.size());
      std::memcpy(into.data(), first.data(), count);
      first.erase(0, count);
      if (first.empty()) {
        inbox_.pop_front();
      }
      return count;
    }

  private:
    ScriptedBus& bus_;
    std::uint8_t number_;
    std::deque<std::string> inbox_;
  };

  Answer answer_;
  usb::DeviceInfo device_;
  twin::SimulatedClock clock_;
};

}  // namespace modemedic::test
