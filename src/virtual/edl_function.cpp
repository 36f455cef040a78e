#include "virtual/edl_function.h"

#include "virtual/device_link.h"
#include "virtual/firehose_programmer.h"
#include "virtual/sahara_device.h"
#include "virtual/streaming_device.h"

#include <utility>

namespace modemedic::twin {

class EdlFunction::Impl {
public:
  Impl(Setup setup, EdlFunction& function)
      : setup_(std::move(setup)),
        pair_(function_pair(setup_.fingerprint)),
        link_(*function.out(pair_.out.address), *function.in(pair_.in.address), setup_.timers),
        sahara_(link_, {setup_.persona, setup_.faults, setup_.serial, setup_.image_id, setup_.memory_debug,
                        [this](PowerEvent event) { power(event); }}),
        streaming_(link_, {setup_.persona, setup_.nand, setup_.faults, setup_.real_timing,
                           [this](PowerEvent event) { power(event); }}),
        programmer_(link_, {setup_.persona, setup_.nand, setup_.faults, setup_.serial, setup_.real_timing,
                            [this](PowerEvent event) { power(event); }}) {}

  ~Impl() {
    link_.stop();  // its program uses what is destroyed before it
    if (power_) {
      setup_.timers.cancel(*power_);
    }
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void connected() { link_.run(run()); }

  void power_cut() {
    if (power_) {
      setup_.timers.cancel(*std::exchange(power_, std::nullopt));
    }
    streaming_.power_cut();
    programmer_.power_cut();
    link_.stop();
  }

private:
  DeviceTask run() {
    co_await sahara_.run();
    if (sahara_.streaming_loader()) {
      co_await streaming_.run();
    }
    co_await programmer_.run();
  }

  /// The modem ends this function then: not from inside its own program.
  void power(PowerEvent event) {
    power_ = setup_.timers.after(Duration::zero(), [this, event] {
      power_.reset();
      auto on_power = setup_.on_power;  // outlives this object
      on_power(event);
    });
  }

  Setup setup_;
  usb::BulkPair pair_;
  std::optional<Timers::Id> power_;
  DeviceLink link_;
  SaharaDevice sahara_;
  StreamingDevice streaming_;
  FirehoseProgrammer programmer_;
};

EdlFunction::EdlFunction(Setup setup)
    : UsbFunction(setup.fingerprint), impl_(std::make_unique<Impl>(std::move(setup), *this)) {}

EdlFunction::~EdlFunction() = default;

void EdlFunction::connected() {
  impl_->connected();
}

void EdlFunction::power_cut() {
  impl_->power_cut();
}

}  // namespace modemedic::twin
