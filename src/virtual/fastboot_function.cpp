#include "virtual/fastboot_function.h"

#include "virtual/chip_table.h"
#include "virtual/device_link.h"
#include "virtual/timer_group.h"

namespace modemedic::twin {

class FastbootFunction::Impl {
public:
  Impl(const Setup& setup, FastbootFunction& function)
      : pair_(function_pair(setup.fingerprint)),
        later_(setup.timers),
        link_(*function.out(pair_.out.address), *function.in(pair_.in.address), setup.timers),
        device_(link_, {.persona = setup.persona,
                        .nand = setup.nand,
                        .table = read_chip_table(setup.nand, setup.persona).value_or(setup.persona.table),
                        .serial = setup.fingerprint.serial,
                        .real_timing = setup.real_timing,
                        // The modem ends this function then: not from inside its own program.
                        .on_exit = [this, on_exit = setup.on_exit](FastbootExit way) {
                          later_.after(Duration::zero(), [on_exit, way] { on_exit(way); });
                        }}) {}

  ~Impl() { link_.stop(); }  // its program uses what is destroyed before it

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void connected() { link_.run(device_.run()); }

  void power_cut() {
    later_.cancel_all();  // an answer that was just given has no consequence any more
    device_.power_cut();
    link_.stop();
  }

private:
  usb::BulkPair pair_;
  TimerGroup later_;
  DeviceLink link_;
  FastbootDevice device_;
};

FastbootFunction::FastbootFunction(Setup setup)
    : UsbFunction(setup.fingerprint), impl_(std::make_unique<Impl>(setup, *this)) {}

FastbootFunction::~FastbootFunction() = default;

void FastbootFunction::connected() {
  impl_->connected();
}

void FastbootFunction::power_cut() {
  impl_->power_cut();
}

}  // namespace modemedic::twin
