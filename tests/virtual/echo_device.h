#pragma once

#include "virtual/pluggable.h"
#include "virtual/timers.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace modemedic::twin {

/// The shape of EDL, 05c6:9008, with a second interface that has an interrupt endpoint.
inline usb::Fingerprint echo_shape(usb::Speed speed = usb::Speed::high) {
  usb::Fingerprint shape;
  shape.speed = speed;
  shape.vid = 0x05C6;
  shape.pid = 0x9008;
  shape.bcd_device = 0x0102;
  shape.product = "QHSUSB__BULK";
  shape.interfaces = {
      {0, 0xFF, 0xFF, 0xFF, {{0x81, usb::TransferType::bulk, 512, 0}, {0x01, usb::TransferType::bulk, 512, 0}}},
      {1,
       0xFF,
       0x00,
       0x00,
       {{0x83, usb::TransferType::interrupt, 10, 9},
        {0x82, usb::TransferType::bulk, 512, 0},
        {0x02, usb::TransferType::bulk, 512, 0}}},
  };
  for (auto& interface : shape.interfaces) {
    for (auto& endpoint : interface.endpoints) {
      auto widens = speed == usb::Speed::super && endpoint.type == usb::TransferType::bulk;
      endpoint.max_packet = widens ? 1024 : endpoint.max_packet;
    }
  }
  return shape;
}

/// A device that does with transfers what the test says.
class EchoFunction final : public UsbFunction {
public:
  enum class Manner {
    echo,    ///< sends each transfer back
    sink,    ///< takes and counts
    slow,    ///< echo, 100 ms after it came
    deaf,    ///< takes nothing
    stall,   ///< refuses
    babble,  ///< answers with more than the host can have asked for
  };

  EchoFunction(Timers& timers, Manner manner, usb::Speed speed = usb::Speed::high)
      : UsbFunction(echo_shape(speed)), timers_(timers), manner_(manner) {
    for (std::uint8_t number : numbers) {
      out(number)->on_submit = [this, number] { submitted(number); };
    }
  }

  struct Seen {
    std::size_t size;
    bool ended;

    bool operator==(const Seen&) const = default;
  };

  std::function<void(std::string_view)> heard;  ///< told each transfer, but for a sink's

  std::vector<Seen> seen;   ///< each transfer taken, but for a sink
  std::uint64_t bytes = 0;  ///< taken in all
  std::uint64_t sum = 0;    ///< of a byte of each, so that a benchmark touches what it counts

private:
  static constexpr std::uint8_t numbers[] = {1, 2};

  void submitted(std::uint8_t number) {
    switch (manner_) {
      case Manner::slow:
        timers_.after(std::chrono::milliseconds(100), [this, number] { take(number); });
        break;
      case Manner::stall:
        out(number)->stall();
        break;
      case Manner::deaf:
        break;
      default:
        take(number);
    }
  }

  void take(std::uint8_t number) {
    auto& endpoint = *out(number);
    if (!endpoint.waiting()) {
      return;
    }
    auto transfer = endpoint.front();
    bytes += transfer.data.size();
    if (manner_ == Manner::sink) {
      sum += transfer.data.empty() ? 0 : std::to_integer<std::uint64_t>(transfer.data.back());
      endpoint.accept();
      return;
    }
    seen.push_back({transfer.data.size(), transfer.ended});
    Buffer answer(transfer.data.begin(), transfer.data.end());
    endpoint.accept();
    if (manner_ == Manner::babble) {
      in(static_cast<std::uint8_t>(0x80U | number))->babble();
      return;
    }
    if (heard) {
      heard(as_text(answer));
    }
    in(static_cast<std::uint8_t>(0x80U | number))->write(std::move(answer));
  }

  Timers& timers_;
  Manner manner_;
};

/// Holds an EchoFunction, or nothing.
class EchoDevice final : public Pluggable {
public:
  explicit EchoDevice(Timers& timers) : timers_(timers) {}

  void appear(EchoFunction::Manner manner, usb::Speed speed = usb::Speed::high) {
    leave();
    function_ = std::make_unique<EchoFunction>(timers_, manner, speed);
    function_->heard = heard;
    ++enumeration_;
    function_->connected();
  }

  void leave() {
    if (function_) {
      function_->disconnect();
      function_.reset();
    }
  }

  std::function<void(std::string_view)> heard;  ///< for the functions to come

  EchoFunction* function() const override { return function_.get(); }

  std::uint64_t enumeration() const override { return enumeration_; }

private:
  Timers& timers_;
  std::unique_ptr<EchoFunction> function_;
  std::uint64_t enumeration_ = 0;
};

}  // namespace modemedic::twin
