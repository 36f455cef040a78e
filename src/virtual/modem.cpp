#include "virtual/modem.h"

#include "virtual/birth.h"
#include "virtual/boot_chain.h"
#include "virtual/booted_modem.h"
#include "virtual/composition.h"
#include "virtual/download_function.h"
#include "virtual/edl_function.h"
#include "virtual/efs.h"
#include "virtual/fastboot_function.h"
#include "virtual/force_flag.h"
#include "virtual/running_function.h"
#include "virtual/timer_group.h"

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

using std::chrono::milliseconds;

/// How long things take that no persona names.
constexpr milliseconds instant{1};          ///< without real timing: still an event of its own
constexpr milliseconds answer_leaves{100};  ///< from a command's answer until the device drops off the bus
constexpr milliseconds powers_down{2000};   ///< from AT+QPOWD's OK to POWERED DOWN, and from that to silence
constexpr milliseconds qgmr_settles{1000};
constexpr milliseconds loop_shows{1000};  ///< a boot loop is on the bus, and off it, about this long

std::string with_reason(std::string_view state, const std::string& because) {
  return because.empty() ? std::string(state) : fmt::format("{} ({})", state, because);
}

}  // namespace

/// Every change of mode goes through changes_, so no function is taken off the
/// bus, or destroyed, while one of its own calls is on the stack.
class VirtualModem::Impl {
public:
  Impl(VirtualModem& self, Setup setup, std::unique_ptr<Nand> nand, Timers& timers)
      : self_(self), setup_(std::move(setup)), nand_(std::move(nand)), changes_(timers), burials_(timers) {
    mark_bad_blocks(*nand_, setup_.persona, setup_.faults);
    spoil_chip(*nand_, setup_.persona, setup_.serial, setup_.faults);
    spoil_usb(setup_.persona, setup_.faults);
    wear_out(*nand_, setup_.faults);
  }

  void power_on(Mode start) {
    if (powered_) {
      power_cut();
    }
    if (vanished_) {
      return;
    }
    powered_ = true;
    begin(start);
  }

  void power_cut() {
    if (tear_) {
      tear_();
    }
    powered_ = false;
    changes_.cancel_all();
    state_ = vanished_ ? "gone" : "off";
    leave();
  }

  UsbFunction* function() const { return function_.get(); }

  std::uint64_t enumeration() const { return enumeration_; }

  const std::string& state() const { return state_; }

  Nand& nand() { return *nand_; }

  const Persona& persona() const { return setup_.persona; }

  std::string imei() const { return told_imei(read_efs(*nand_, setup_.persona)); }

private:
  Duration takes(milliseconds real) const { return setup_.real_timing ? real : instant; }

  Duration takes(std::uint32_t real_ms) const { return takes(milliseconds(real_ms)); }

  void begin(Mode start) {
    switch (start) {
      case Mode::running:
        return follow(boot(*nand_, setup_.persona));
      case Mode::edl:
        return wait_in_edl("boot pin");
      case Mode::download:
        return wait_in_download("asked to");
      case Mode::dump:
        return wait_in_dump();
      case Mode::fastboot:
        return wait_in_fastboot("asked to");
    }
  }

  void follow(const BootOutcome& outcome) {
    switch (outcome.kind) {
      case BootOutcome::Kind::edl:
        return wait_in_edl(outcome.because);
      case BootOutcome::Kind::download:
        return wait_in_download(outcome.because);
      case BootOutcome::Kind::fastboot:
        return wait_in_fastboot(outcome.because);
      case BootOutcome::Kind::running:
        return run(outcome);
      case BootOutcome::Kind::dark:
        return show_nothing(with_reason("dark", outcome.because));
      case BootOutcome::Kind::loop:
        return loop(with_reason("boot loop", outcome.because));
    }
  }

  /// What a 9x15 has instead is its download mode.
  void wait_in_edl(const std::string& because) {
    if (is_9x15(setup_.persona)) {
      return wait_in_download(because);
    }
    sahara(setup_.persona.edl, 13, false, with_reason("edl", because));
  }

  void wait_in_download(const std::string& because) {
    if (is_9x15(setup_.persona)) {
      return download(DownloadFunction::Stage::dload, with_reason("download mode", because));
    }
    sahara(setup_.persona.download, 7, false, with_reason("boot mode", because));
  }

  void wait_in_dump() {
    if (is_9x15(setup_.persona)) {
      return wait_in_download("crashed");
    }
    sahara(setup_.persona.dump, 13, true, "memory dump");
  }

  void download(DownloadFunction::Stage stage, std::string state) {
    changes_.after(takes(setup_.persona.edl_ms), [this, stage, state = std::move(state)] {
      auto function = std::make_unique<DownloadFunction>(DownloadFunction::Setup{
          .persona = setup_.persona,
          .nand = *nand_,
          .timers = changes_.timers(),
          .faults = setup_.faults,
          .fingerprint = setup_.persona.download,
          .stage = stage,
          .real_timing = setup_.real_timing,
          .on_power = power_events(),
          .on_loader =
              [this] {
                starting();
                download(DownloadFunction::Stage::streaming, "download mode (streaming loader)");
              },
      });
      tear_ = [download = function.get()] { download->power_cut(); };
      appear(std::move(function), state);
    });
  }

  std::function<void(PowerEvent)> power_events() {
    return [this](PowerEvent event) { changes_.after(Duration::zero(), [this, event] { power_event(event); }); };
  }

  void sahara(const usb::Fingerprint& shown, std::uint32_t image_id, bool memory_debug, std::string state) {
    changes_.after(takes(setup_.persona.edl_ms), [this, shown, image_id, memory_debug, state = std::move(state)] {
      auto edl = std::make_unique<EdlFunction>(EdlFunction::Setup{
          .persona = setup_.persona,
          .nand = *nand_,
          .timers = changes_.timers(),
          .faults = setup_.faults,
          .fingerprint = shown,
          .serial = serial_number(setup_.serial),
          .image_id = image_id,
          .memory_debug = memory_debug,
          .real_timing = setup_.real_timing,
          .on_power = power_events(),
      });
      tear_ = [function = edl.get()] { function->power_cut(); };
      appear(std::move(edl), state);
    });
  }

  void wait_in_fastboot(const std::string& because) {
    changes_.after(takes(setup_.persona.fastboot_ms), [this, because] {
      auto shown = setup_.persona.fastboot;
      if (shown.serial.empty()) {
        shown.serial = fmt::format("{:x}", serial_number(setup_.serial));
      }
      auto fastboot = std::make_unique<FastbootFunction>(FastbootFunction::Setup{
          .persona = setup_.persona,
          .nand = *nand_,
          .timers = changes_.timers(),
          .fingerprint = std::move(shown),
          .real_timing = setup_.real_timing,
          .on_exit =
              [this](FastbootExit way) { changes_.after(takes(answer_leaves), [this, way] { leave_fastboot(way); }); },
      });
      tear_ = [function = fastboot.get()] { function->power_cut(); };
      appear(std::move(fastboot), with_reason("fastboot", because));
    });
  }

  void run(const BootOutcome& outcome) {
    auto efs = read_efs(*nand_, setup_.persona);
    RunningFunction::Setup running{
        .fingerprint = setup_.persona.running,
        .at = booted_modem(outcome, efs, setup_.persona, setup_.serial, setup_.faults),
        .at_up = outcome.modem_up,
        .at_ready = takes(setup_.persona.at_ready_ms),
        .settling = setup_.real_timing ? Duration(qgmr_settles) : Duration::zero(),
        .timers = changes_.timers(),
        .on_request = [this](ModemRequest request) { serve(request); },
        .faults = setup_.faults,
    };
    if (efs) {
      running.files = efs_tree(*efs);
    }
    running.fingerprint.serial = setup_.serial;
    for (const auto& fault : setup_.faults.all()) {
      if (fault.kind == "not-ready") {
        running.settling += std::chrono::seconds(fault.argument);
      }
    }
    auto state = outcome.modem_up ? "running " + running.at.cgmr : with_reason("running without AT", outcome.because);
    changes_.after(takes(setup_.persona.boot_ms), [this, running = std::move(running), state] {
      auto function = std::make_unique<RunningFunction>(running);
      running_ = function.get();
      appear(std::move(function), state);
      restart_if_sick(running.at.cgmr);
    });
  }

  /// Fault loops: what another firmware cures.
  void restart_if_sick(const std::string& revision) {
    const auto* fault = setup_.faults.find("loops");
    if (fault == nullptr) {
      return;
    }
    if (!sick_revision_) {
      sick_revision_ = revision;
    }
    auto shown = enumeration_;
    if (revision == *sick_revision_) {
      changes_.after(std::chrono::seconds(fault->argument), [this, shown] {
        if (enumeration_ == shown && function_ != nullptr) {
          starting();
          begin(Mode::running);
        }
      });
    }
  }

  void show_nothing(std::string state) {
    state_ = std::move(state);
    tell();
  }

  void loop(std::string state) {
    changes_.after(takes(setup_.persona.boot_ms), [this, state = std::move(state)] { loop_again(state); });
  }

  void loop_again(const std::string& state) {
    appear(std::make_unique<SilentFunction>(setup_.persona.running), state);
    changes_.after(loop_shows, [this, state] {
      leave();
      changes_.after(loop_shows, [this, state] { loop_again(state); });
    });
  }

  void serve(ModemRequest request) {
    if (request == ModemRequest::power_off) {
      changes_.after(takes(powers_down), [this] {
        running_->say_powered_down();
        changes_.after(takes(powers_down), [this] { power_cut(); });
      });
      return;
    }
    changes_.after(takes(answer_leaves), [this, request] {
      starting();
      switch (request) {
        case ModemRequest::edl:
          return wait_in_edl("asked to");
        case ModemRequest::download:
          return wait_in_download("asked to");
        case ModemRequest::fastboot:
          return wait_in_fastboot("asked to");
        default:
          return begin(Mode::running);
      }
    });
  }

  void power_event(PowerEvent event) {
    switch (event) {
      case PowerEvent::vanish:
        vanished_ = true;
        return power_cut();
      case PowerEvent::cut:
      case PowerEvent::off:
        return power_cut();
      case PowerEvent::edl:
        starting();
        return wait_in_edl("asked to");
      case PowerEvent::reset:
        starting();
        if (setup_.faults.find("never-returns") != nullptr) {
          return show_nothing("gone (fault never-returns)");
        }
        return begin(Mode::running);
    }
  }

  void leave_fastboot(FastbootExit way) {
    starting();
    switch (way) {
      case FastbootExit::bootloader:
        return wait_in_fastboot("asked to");
      case FastbootExit::go_on:
        return follow(boot_past_fastboot(*nand_, setup_.persona, Kernel::in_flash));
      case FastbootExit::boot:
        return follow(boot_past_fastboot(*nand_, setup_.persona, Kernel::downloaded));
      case FastbootExit::reboot:
        if (const auto* misc = firmware::find_partition_any_case(setup_.persona.table, "misc")) {
          clear_force_fastboot(*nand_, misc->range);
        }
        return begin(Mode::running);
    }
  }

  void starting() {
    state_ = "starting";
    leave();
  }

  void appear(std::unique_ptr<UsbFunction> function, std::string state) {
    function_ = std::move(function);
    state_ = std::move(state);
    ++enumeration_;
    function_->connected();
    tell();
  }

  void leave() {
    tear_ = nullptr;
    running_ = nullptr;
    if (auto old = std::move(function_)) {
      old->disconnect();
      retired_.push_back(std::move(old));
      burials_.after(Duration::zero(), [this] { retired_.clear(); });
    }
    tell();
  }

  void tell() {
    if (self_.on_change) {
      self_.on_change();
    }
  }

  VirtualModem& self_;
  Setup setup_;
  std::unique_ptr<Nand> nand_;
  std::unique_ptr<UsbFunction> function_;
  std::vector<std::unique_ptr<UsbFunction>> retired_;  ///< off the bus, a call of theirs may still be on the stack
  std::function<void()> tear_;                         ///< what function_'s flash works at is torn
  RunningFunction* running_ = nullptr;                 ///< function_, when it is that
  std::optional<std::string> sick_revision_;           ///< fault loops: the firmware that restarts by itself
  std::string state_ = "off";
  std::uint64_t enumeration_ = 0;
  bool powered_ = false;
  bool vanished_ = false;
  TimerGroup changes_;
  TimerGroup burials_;
};

VirtualModem::VirtualModem(Setup setup, std::unique_ptr<Nand> nand, Timers& timers)
    : impl_(std::make_unique<Impl>(*this, std::move(setup), std::move(nand), timers)) {}

VirtualModem::~VirtualModem() = default;

void VirtualModem::power_on(Mode start) {
  impl_->power_on(start);
}

void VirtualModem::power_cut() {
  impl_->power_cut();
}

UsbFunction* VirtualModem::function() const {
  return impl_->function();
}

std::uint64_t VirtualModem::enumeration() const {
  return impl_->enumeration();
}

std::string VirtualModem::state() const {
  return impl_->state();
}

Nand& VirtualModem::nand() {
  return impl_->nand();
}

const Persona& VirtualModem::persona() const {
  return impl_->persona();
}

std::string VirtualModem::imei() const {
  return impl_->imei();
}

}  // namespace modemedic::twin
