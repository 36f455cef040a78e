#include "operation/rescue.h"

#include "operation/ask_modem.h"
#include "operation/change_mode.h"
#include "operation/choose_method.h"
#include "operation/emit_log.h"
#include "operation/follow_port.h"
#include "operation/remedies.h"
#include "operation/rescue_ways.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using knowledge::State;

namespace {

/// AT may stay silent for a minute after the modem is on the bus.
constexpr Duration look_patience = 60s;
/// A modem that is well stays; one in a boot loop may say who it is first.
constexpr Duration staying = 3s;
/// For one that is away because it restarts.
constexpr Duration return_patience = 30s;
/// Every remedy is tried once in each state: this many there can't be.
constexpr unsigned most_remedies = 16;
constexpr std::size_t most_journals = 200;

class Rescue {
public:
  Rescue(usb::Bus& bus, Found modem, const RescueOptions& options, Events& events, const std::stop_token& stop)
      : bus_(bus), known_{.modem = std::move(modem)}, options_(options), events_(events), stop_(stop) {}

  Result<RescueReport> run() {
    events_.emit(event::Step{"look", "look at the modem as it is", 0, 0, {}});
    TRY(look());
    for (unsigned i = 1; !known_.ailment.empty(); ++i) {
      TRY(stop_.stop_requested() ? fail(Code::interrupted).what("stopped by the person") : Result<void>{});
      auto left = remedies_for(known_, options_, cure_ ? &*cure_ : nullptr, events_);
      std::erase_if(left, [&](const Remedy& one) { return tried_before(one); });
      if (left.empty() || i > most_remedies) {
        return out_of_remedies();
      }
      tell(left);
      events_.emit(event::Step{"try", left.front().what, i, i + left.size() - 1, {}});
      TRY(try_out(left.front()));
    }
    report_.modem = known_.modem;
    return std::move(report_);
  }

private:
  /// Asks it how it is. It is a job's question: ModemManager lets go of its ports for it.
  Result<void> look() {
    {
      TRY_ASSIGN(auto reservation, bus_.reserve(known_.modem.device, usb::Purpose::job, events_));
      known_.asked = ask_reserved(bus_, known_.modem, Deadline::in(bus_.clock(), look_patience), events_);
    }
    return judge();
  }

  /// Concludes what is wrong with it; the ailment stays empty when nothing is.
  Result<void> judge() {
    known_.ailment.clear();
    known_.restarts = false;
    const auto& silence = known_.asked.silence;
    if (silence && (silence->code == Code::permission || silence->code == Code::busy)) {
      return fail(*silence);
    }
    if (known_.modem.sighting.state == State::running) {
      TRY(look_at_firmware());
    } else {
      known_.ailment =
          fmt::format("it is in {}: {}", knowledge::name(known_.modem.sighting.state), known_.modem.sighting.because);
      if (known_.asked.by == "Firehose") {
        known_.chip = look_at_chip(bus_, known_.modem, events_);
      }
    }
    return known_.ailment.empty() ? Result<void>{} : recall_job();
  }

  Result<void> look_at_firmware() {
    auto left = known_.asked.silence && known_.asked.silence->code == Code::modem_lost;
    if (known_.asked.by == "AT") {
      known_.ailment = ailment_of(known_.asked.identity);
      TRY_ASSIGN(auto next, wait_for_next(bus_, known_.modem.device, 0s, Deadline::in(bus_.clock(), staying)));
      TRY_ASSIGN(auto there, device_after(bus_, known_.modem.device));
      left = next || !there;
    }
    if (left) {
      known_.restarts = true;
      known_.ailment = "it came, and left the bus again by itself";
    } else if (known_.asked.by != "AT") {
      known_.ailment = fmt::format("its firmware is on the bus, but AT does not answer{}",
                                   known_.asked.silence ? ": " + known_.asked.silence->what : "");
    }
    report_.after = known_.asked.identity;
    return {};
  }

  /// A job that was cut: for certain by the chip's serial, as a hint by the port.
  Result<void> recall_job() {
    if (options_.flash.journals != nullptr && !known_.past) {
      known_.past = read_past_jobs(*options_.flash.journals, most_journals, events_);
    }
    known_.job =
        known_.past ? unfinished_job(*known_.past, known_.asked.identity.chip, known_.modem.device.port) : nullptr;
    known_.certain = known_.job != nullptr && known_.asked.identity.chip.serial.has_value();
    if (!cure_ && options_.cure) {
      TRY_ASSIGN(cure_, options_.cure(known_.certain ? known_.job : nullptr));
    }
    return {};
  }

  /// None helps twice in the same state.
  bool tried_before(const Remedy& remedy) const {
    return std::ranges::any_of(tried_,
                               [&](const Remedy& one) { return one.kind == remedy.kind && one.from == remedy.from; });
  }

  /// What it is going to do, before it does anything; again when that has changed.
  void tell(const std::vector<Remedy>& list) {
    std::string text;
    auto news = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
      text += fmt::format("{}({}) {}", i == 0 ? "" : ", ", i + 1, list[i].what);
      news = told_.insert(list[i].what).second || news;
    }
    if (news) {
      emit_info(events_, fmt::format("{}. What will be tried, the gentlest first, until AT answers: {}",
                                     printable(known_.ailment, 300), text));
    }
  }

  Result<void> try_out(const Remedy& remedy) {
    tried_.push_back(remedy);
    auto done = apply(remedy);
    auto outcome = done ? std::string("done") : done.error().what;
    report_.tried.push_back({remedy.what, outcome});
    if (!done) {
      if (remedy.kind == Remedy::Kind::flash || done.error().code == Code::interrupted) {
        return fail(std::move(done.error()));
      }
      emit_info(events_, "that was not enough: " + printable(outcome, 300));
    }
    if (done && remedy.kind == Remedy::Kind::flash) {
      return accept_flash();
    }
    if (done && arrived_) {  // it has just proven itself, and needn't be asked again
      known_.modem = arrived_->modem;
      known_.asked = std::exchange(arrived_, std::nullopt)->after;
      known_.chip.reset();
      return judge();
    }
    TRY(find_again(done ? std::nullopt : std::optional(std::move(done.error()))));
    return look();
  }

  Result<void> apply(const Remedy& remedy) {
    switch (remedy.kind) {
      case Remedy::Kind::watch:
        return wait_until_it_stays(bus_, known_.modem.device, events_, stop_);
      case Remedy::Kind::restart: {
        TRY_ASSIGN(arrived_, restart_by_diag(bus_, known_.modem, events_, stop_));
        return {};
      }
      case Remedy::Kind::to_normal: {
        TRY_ASSIGN(arrived_, change_mode(bus_, known_.modem, Target::normal,
                                         {options_.gate.records, options_.flash.time}, events_, stop_));
        return {};
      }
      case Remedy::Kind::flash:
        return flash_it();
    }
    return fail(Code::bug).what("a remedy of no known kind");
  }

  Result<void> flash_it() {
    TRY(may_be_caught());
    if (options_.consent) {
      TRY(options_.consent(known_.modem, *cure_->package));
    }
    auto target = known_.modem;
    if (known_.restarts) {
      TRY_ASSIGN(target, catch_loop(bus_, known_.modem, events_, stop_));
    }
    auto gate = options_.gate;
    auto at = known_.asked.by == "AT" ? At::answers : At::silent;
    auto chosen = choose_method(target, *cure_->package, cure_->asked, at);
    emit_info(events_, fmt::format("by {}: {}", plan::name(chosen.method), chosen.reason));
    gate.method = chosen.method;
    TRY_ASSIGN(auto proven, plan_for(*cure_->package, *cure_->plan, chosen.method));
    TRY_ASSIGN(auto admission, admit(bus_, target, *cure_->package, gate, events_));
    auto how = options_.flash;
    how.command = "rescue";
    TRY_ASSIGN(report_.flash, flash(bus_, std::move(admission), proven, how, events_, stop_));
    return {};
  }

  /// A 9x15 is caught in download mode, and from there no flash goes on without these: it would be left there.
  Result<void> may_be_caught() const {
    const auto& gate = options_.gate;
    auto lifted = gate.overrides.contains("efs") && gate.overrides.contains("unknown") && gate.backup_at_hand;
    if (!known_.restarts || known_.modem.sighting.family != "9x15" || lifted) {
      return {};
    }
    return fail(Code::refused)
        .rule("efs")
        .what(
            "the modem restarts again and again; DIAG leads an EC20 out of that into download mode only, where its "
            "partition table can't be asked for, and another one costs IMEI and calibration")
        .hint(
            "does it come to rest in fastboot, it is flashed from there without any of that: modemedic rescue PACKAGE "
            "--override unknown. Else, with a backup of this very modem: --override efs --override unknown --backup "
            "FILE. Nothing was sent that changes the modem");
  }

  /// A flash has proven itself: what happens to the modem from here on is no part of this rescue.
  Result<void> accept_flash() {
    known_.ailment.clear();
    report_.after = report_.flash->after;
    if (auto now = device_after(bus_, known_.modem.device); now && *now) {
      known_.modem = {**now, knowledge::conclude((*now)->fingerprint)};
    }
    return {};
  }

  /// The modem as it is now, after something was tried.
  Result<void> find_again(const std::optional<Error>& failed) {
    TRY_ASSIGN(auto now, device_after(bus_, known_.modem.device));
    if (!now) {
      TRY_ASSIGN(now, wait_for_next(bus_, known_.modem.device, 0s, Deadline::in(bus_.clock(), return_patience)));
    }
    if (!now) {
      return fail(Code::modem_lost)
          .what(failed ? failed->what : "the modem left and did not come back")
          .hint(
              fmt::format("take all power from the modem for some seconds, and run modemedic rescue again; if it stays "
                          "away, hold its boot pin (USB_BOOT at 1.8 V) at power-on: then it comes up in EDL, and "
                          "modemedic rescue --flash PACKAGE flashes it from there. {}",
                          who_it_is(known_, options_.gate.records)));
    }
    known_.modem = {*now, knowledge::conclude(now->fingerprint)};
    known_.chip.reset();
    return {};
  }

  Result<RescueReport> out_of_remedies() const {
    auto what = fmt::format("the modem is not well: {}", known_.ailment);
    if (known_.asked.by == "AT" && !known_.restarts && known_.asked.identity.imei.empty()) {
      return fail(Code::not_proven).what(what).hint("no firmware brings that back: restore this module's own backup");
    }
    if (!cure_ && can_be_flashed(known_.modem)) {
      return fail(Code::refused)
          .rule("package")
          .what(what + ". Nothing is left to be tried without a package")
          .hint(fmt::format("modemedic rescue PACKAGE. {}", who_it_is(known_, options_.gate.records)));
    }
    return fail(Code::device_refused)
        .what(what + ". Nothing is left to be tried from here")
        .hint(fmt::format(
            "take all power from the modem for some seconds and run modemedic rescue again; if it comes back "
            "like this, hold its boot pin (USB_BOOT at 1.8 V) at power-on, and flash it from EDL: "
            "modemedic rescue --flash PACKAGE. {}",
            who_it_is(known_, options_.gate.records)));
  }

  usb::Bus& bus_;
  Diagnosis known_;
  const RescueOptions& options_;
  Events& events_;
  const std::stop_token& stop_;
  std::optional<Cure> cure_;
  std::optional<ModeChange> arrived_;  ///< where a remedy brought it
  std::vector<Remedy> tried_;
  std::set<std::string> told_;
  RescueReport report_;
};

}  // namespace

Result<RescueReport> rescue(usb::Bus& bus, const Found& modem, const RescueOptions& options, Events& events,
                            const std::stop_token& stop) {
  return Rescue(bus, modem, options, events, stop).run();
}

Result<Found> await_modem(usb::Bus& bus, const std::string& selector, Duration patience, Events& events,
                          ModemRecords* records, const std::stop_token& stop) {
  constexpr Duration slice = 1s;
  auto deadline = Deadline::in(bus.clock(), patience);
  for (auto told = false; !stop.stop_requested(); told = true) {
    auto found = find_modem(bus, selector, events, records);
    if (found || found.error().code != Code::no_modem || deadline.passed(bus.clock())) {
      return found;
    }
    if (!told) {
      emit_info(events, fmt::format("no modem is in sight: waiting {} s for one that restarts",
                                    std::chrono::duration_cast<std::chrono::seconds>(patience).count()));
    }
    TRY(bus.wait_change({std::min(deadline.at, Deadline::in(bus.clock(), slice).at)}));
  }
  return fail(Code::interrupted).what("stopped by the person").hint("nothing was sent to any modem");
}

}  // namespace modemedic::operation
