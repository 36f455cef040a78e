#pragma once

#include "usb/bus.h"

#include <cstdint>
#include <functional>

namespace modemedic::rehearsal {

/// A bus over another one which counts the messages (transfers that pipes send and receive) and at one of them calls
/// someone, who cuts the power or lets the host die.
class MishapBus final : public usb::Bus {
public:
  explicit MishapBus(usb::Bus& real) : real_(real) {}

  /// From now on: at message `at` (0 is the next), of which `within` bytes still go, `strike` is called.
  void strike_at(std::uint64_t at, std::uint64_t within, std::function<void()> strike);

  /// Nothing will happen any more.
  void disarm() { strike_ = nullptr; }

  /// Every call from here on fails: the host is dead.
  void die() { dead_ = true; }

  /// Another host, with no memory.
  void live() { dead_ = false; }

  /// The cable is pulled: all devices leave. What they do goes on.
  void unplug() {
    unplugged_ = true;
    ++plugged_;
  }

  /// It is put in again: all devices come, as others.
  void plug_in() { unplugged_ = false; }

  /// Messages since strike_at(), or since the beginning.
  std::uint64_t messages() const { return messages_; }

  Result<std::vector<usb::DeviceInfo>> snapshot() override;
  Result<bool> wait_change(Deadline deadline) override;
  Result<std::unique_ptr<usb::Pipe>> open(const usb::DeviceInfo& device, std::uint8_t interface_number) override;

  const Clock& clock() const override { return real_.clock(); }

private:
  class CountingPipe;

  /// The next message begins. @return how many bytes of it still go, when it is the one that is struck
  std::optional<std::uint64_t> begin_message();
  void strike();
  Result<void> alive() const;

  usb::Bus& real_;
  std::uint64_t messages_ = 0;
  std::uint64_t at_ = 0;
  std::uint64_t within_ = 0;
  std::function<void()> strike_;
  bool dead_ = false;
  bool unplugged_ = false;

  std::uint64_t plugged_ = 0;  ///< how often it was unplugged
};

}  // namespace modemedic::rehearsal
