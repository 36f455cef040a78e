#include "virtual/download_function.h"

#include "virtual/device_link.h"
#include "virtual/dload_device.h"
#include "virtual/streaming_device.h"
#include "virtual/timer_group.h"

namespace modemedic::twin {

class DownloadFunction::Impl {
public:
  Impl(Setup setup, DownloadFunction& function)
      : setup_(std::move(setup)),
        pair_(function_pair(setup_.fingerprint)),
        later_(setup_.timers),
        link_(*function.out(pair_.out.address), *function.in(pair_.in.address), setup_.timers),
        dload_(link_, {setup_.faults, [this](PowerEvent event) { power(event); }}),
        streaming_(link_, {setup_.persona, setup_.nand, setup_.faults, setup_.real_timing,
                           [this](PowerEvent event) { power(event); }}) {}

  ~Impl() { link_.stop(); }  // its program uses what is destroyed before it

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void connected() { link_.run(run()); }

  void power_cut() {
    later_.cancel_all();
    streaming_.power_cut();
    link_.stop();
  }

private:
  DeviceTask run() {
    if (setup_.stage == Stage::streaming) {
      co_await streaming_.run();
    }
    co_await dload_.run();
    later([on_loader = setup_.on_loader] { on_loader(); });
    co_await link_.halt();
  }

  void power(PowerEvent event) {
    later([on_power = setup_.on_power, event] { on_power(event); });
  }

  /// The modem ends this function then: not from inside its own program.
  void later(std::function<void()> what) { later_.after(Duration::zero(), std::move(what)); }

  Setup setup_;
  usb::BulkPair pair_;
  TimerGroup later_;
  DeviceLink link_;
  DloadDevice dload_;
  StreamingDevice streaming_;
};

DownloadFunction::DownloadFunction(Setup setup)
    : UsbFunction(setup.fingerprint), impl_(std::make_unique<Impl>(std::move(setup), *this)) {}

DownloadFunction::~DownloadFunction() = default;

void DownloadFunction::connected() {
  impl_->connected();
}

void DownloadFunction::power_cut() {
  impl_->power_cut();
}

}  // namespace modemedic::twin
