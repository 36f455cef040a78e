#include "virtual/running_function.h"

#include "knowledge/shape.h"
#include "knowledge/state.h"
#include "virtual/byte_port.h"
#include "virtual/diag_device.h"
#include "virtual/filler.h"
#include "virtual/nmea.h"
#include "virtual/timer_group.h"

#include <algorithm>
#include <array>
#include <list>
#include <span>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

/// What a module says unasked when its AT comes up.
constexpr std::array greetings = {"RDY", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE"};
/// Without a SIM that can be read.
constexpr std::array bare_greetings = {"RDY", "+QUSIM: 0"};

constexpr Duration log_frame_every = std::chrono::milliseconds(5);
constexpr std::size_t log_frame_size = 200;

/// A DIAG frame that nobody asked for: a log packet (command 16).
Buffer log_frame(std::uint64_t number) {
  Buffer body(log_frame_size);
  Filler(number).fill(0, body);
  body.front() = std::byte{0x10};
  return protocol::hdlc_frame(body, false);
}

/// Neither answers nor line ends.
Buffer noise(std::uint64_t number) {
  Buffer bytes(log_frame_size);
  Filler(number).fill(0, bytes);
  return bytes;
}

}  // namespace

std::string composition_text(const usb::Fingerprint& fingerprint) {
  using knowledge::Role;
  auto serial = count(fingerprint, Role::nmea) + count(fingerprint, Role::serial);
  auto network = count(fingerprint, Role::qmi) +
                 static_cast<std::size_t>(std::ranges::count_if(fingerprint.interfaces, knowledge::is_network));
  return fmt::format("0x{:X},0x{:X},{:d},{:d},{:d},{:d},{:d},{:d},0", fingerprint.vid, fingerprint.pid,
                     count(fingerprint, Role::diag) > 0, serial > 0, serial > 1, serial > 2, network > 0,
                     count(fingerprint, Role::adb) > 0);
}

class RunningFunction::Impl {
public:
  Impl(RunningFunction& usb, Setup setup)
      : usb_(usb), setup_(std::move(setup)), at_(setup_.at), diag_(at_.cgmr, setup_.files), timers_(setup_.timers) {
    for (const auto& interface : usb_.fingerprint().interfaces) {
      open(interface);
    }
  }

  void enumerated() {
    timers_.after(setup_.at_ready, [this] { at_comes_up(); });
    if (has("diag-flood") && diag_port_ != nullptr) {
      flood();
    }
  }

  void say_powered_down() {
    if (urc_port_ != nullptr) {
      urc_port_->send_unasked(unsolicited("POWERED DOWN"));
    }
  }

private:
  struct AtPort {
    explicit AtPort(AtModem& modem) : device(modem) {}

    AtDevice device;
    std::unique_ptr<BytePort> port;
  };

  void open(const usb::InterfaceInfo& interface) {
    auto pair = usb::bulk_pair(interface);
    if (!pair) {
      return;
    }
    auto& out = *usb_.out(pair->out.address);
    auto& in = *usb_.in(pair->in.address);
    const auto& shown = usb_.fingerprint();
    if (knowledge::diag_interface(shown) == interface.number) {
      diag_port_ = std::make_unique<BytePort>(out, in, [this](ByteView bytes) { diag_bytes(bytes); });
    } else if (at_interface(interface)) {
      open_at(out, in, interface.number);
    } else {
      // NMEA and network: what the host sends goes nowhere.
      auto& port = others_.emplace_back(std::make_unique<BytePort>(out, in, [](ByteView) {}));
      nmea_port_ = nmea_port_ == nullptr && is_serial(interface) ? port.get() : nmea_port_;
    }
  }

  static bool is_serial(const usb::InterfaceInfo& interface) {
    auto role = knowledge::role(interface);
    return role == knowledge::Role::serial || role == knowledge::Role::nmea;
  }

  /// The AT port and the modem port behind it.
  bool at_interface(const usb::InterfaceInfo& interface) const {
    auto first = knowledge::at_interface(usb_.fingerprint());
    return first && interface.number >= *first && knowledge::role(interface) == knowledge::Role::serial;
  }

  void open_at(OutEndpoint& out, InEndpoint& in, std::uint8_t number) {
    auto& at = at_ports_.emplace_back(at_);
    at.port = std::make_unique<BytePort>(out, in, [this, &at](ByteView bytes) { at_bytes(at, bytes); });
    if (knowledge::at_interface(usb_.fingerprint()) == number) {
      urc_port_ = at.port.get();
    }
  }

  void at_bytes(AtPort& at, ByteView bytes) {
    if (!at_ready_ || leaving_ || has("at-silent")) {
      return;  // a port that is there, and silent: what it gets now is lost
    }
    if (has("at-noise")) {
      return at.port->send(noise(++noises_));
    }
    auto reply = at.device.feed(bytes);
    at.port->send(as_bytes(reply.text));
    if (at_.gnss && !telling_) {
      telling_ = true;
      timers_.after(std::chrono::seconds(1), [this] { tell_position(); });
    }
    ask(reply.request);
  }

  void diag_bytes(ByteView bytes) {
    if (leaving_ || has("diag-silent")) {
      return;
    }
    auto reply = diag_.feed(bytes);
    diag_port_->send(reply.bytes);
    if (reply.offline) {
      at_.cfun = 7;
    }
    ask(reply.request);
  }

  void ask(const std::optional<ModemRequest>& request) {
    if (request) {
      leaving_ = true;
      setup_.on_request(*request);
    }
  }

  void at_comes_up() {
    if (!setup_.at_up) {
      return;
    }
    at_ready_ = true;
    at_.settled = setup_.settling == Duration::zero();
    timers_.after(setup_.settling, [this] { at_.settled = true; });
    auto sim = at_.sim == "+CPIN: READY";
    auto lines = sim ? std::span<const char* const>(greetings) : std::span<const char* const>(bare_greetings);
    for (const auto* line : lines) {
      if (urc_port_ != nullptr && !has("at-silent")) {
        urc_port_->send_unasked(unsolicited(line));
      }
    }
  }

  void flood() {
    diag_port_->send_unasked(as_text(log_frame(++noises_)));
    timers_.after(log_frame_every, [this] { flood(); });
  }

  bool has(std::string_view fault) const { return setup_.faults.find(fault) != nullptr; }

  void tell_position() {
    telling_ = at_.gnss && nmea_port_ != nullptr;
    if (!telling_) {
      return;
    }
    nmea_port_->send_unasked(nmea_fix(second_++));
    timers_.after(std::chrono::seconds(1), [this] { tell_position(); });
  }

  RunningFunction& usb_;
  Setup setup_;
  AtModem& at_;
  DiagDevice diag_;
  std::list<AtPort> at_ports_;
  std::unique_ptr<BytePort> diag_port_;
  std::list<std::unique_ptr<BytePort>> others_;
  BytePort* nmea_port_ = nullptr;
  BytePort* urc_port_ = nullptr;  ///< where unasked lines go: the AT port, not the modem port
  bool at_ready_ = false;
  bool leaving_ = false;
  bool telling_ = false;  ///< GNSS is on, and the next sentence has its timer
  unsigned second_ = 0;
  std::uint64_t noises_ = 0;
  TimerGroup timers_;
};

RunningFunction::RunningFunction(Setup setup) : UsbFunction(setup.fingerprint) {
  impl_ = std::make_unique<Impl>(*this, std::move(setup));
}

RunningFunction::~RunningFunction() = default;

void RunningFunction::connected() {
  impl_->enumerated();
}

void RunningFunction::say_powered_down() {
  impl_->say_powered_down();
}

SilentFunction::SilentFunction(usb::Fingerprint fingerprint) : UsbFunction(std::move(fingerprint)) {
  for (const auto& interface : this->fingerprint().interfaces) {
    if (auto pair = usb::bulk_pair(interface)) {
      auto* endpoint = out(pair->out.address);
      endpoint->on_submit = [endpoint] {
        while (endpoint->waiting()) {
          endpoint->accept();
        }
      };
    }
  }
}

}  // namespace modemedic::twin
