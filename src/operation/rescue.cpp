#include "operation/rescue.h"

#include "operation/ask_modem.h"
#include "operation/change_mode.h"
#include "operation/choose_method.h"
#include "operation/emit_log.h"
#include "operation/follow_port.h"
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

struct Remedy {
  enum class Kind { watch, restart, to_normal, flash };
  Kind kind = Kind::flash;
  State from = State::running;
  std::string what;
};

class Rescue {
public:
  Rescue(usb::Bus& bus, Found modem, const RescueOptions& options, Events& events, const std::stop_token& stop)
      : bus_(bus), modem_(std::move(modem)), options_(options), events_(events), stop_(stop) {}

  Result<RescueReport> run() {
    events_.emit(event::Step{"look", "look at the modem as it is", 0, 0, {}});
    TRY(look());
    for (unsigned i = 1; !ailment_.empty(); ++i) {
      TRY(stop_.stop_requested() ? fail(Code::interrupted).what("stopped by the person") : Result<void>{});
      auto left = remedies();
      if (left.empty() || i > most_remedies) {
        return out_of_remedies();
      }
      tell(left);
      events_.emit(event::Step{"try", left.front().what, i, i + left.size() - 1, {}});
      TRY(try_out(left.front()));
    }
    report_.modem = modem_;
    return std::move(report_);
  }

private:
  /// Asks it how it is. It is a job's question: ModemManager lets go of its ports for it.
  Result<void> look() {
    {
      TRY_ASSIGN(auto reservation, bus_.reserve(modem_.device, usb::Purpose::job, events_));
      asked_ = ask_reserved(bus_, modem_, Deadline::in(bus_.clock(), look_patience), events_);
    }
    return judge();
  }

  /// Concludes what is wrong with it; ailment_ stays empty when nothing is.
  Result<void> judge() {
    ailment_.clear();
    restarts_ = false;
    const auto& silence = asked_.silence;
    if (silence && (silence->code == Code::permission || silence->code == Code::busy)) {
      return fail(*silence);
    }
    if (modem_.sighting.state == State::running) {
      TRY(look_at_firmware());
    } else {
      ailment_ = fmt::format("it is in {}: {}", knowledge::name(modem_.sighting.state), modem_.sighting.because);
      if (asked_.by == "Firehose") {
        chip_ = look_at_chip(bus_, modem_, events_);
      }
    }
    return ailment_.empty() ? Result<void>{} : recall_job();
  }

  Result<void> look_at_firmware() {
    auto left = asked_.silence && asked_.silence->code == Code::modem_lost;
    if (asked_.by == "AT") {
      ailment_ = ailment_of(asked_.identity);
      TRY_ASSIGN(auto next, wait_for_next(bus_, modem_.device, 0s, Deadline::in(bus_.clock(), staying)));
      TRY_ASSIGN(auto there, device_after(bus_, modem_.device));
      left = next || !there;
    }
    if (left) {
      restarts_ = true;
      ailment_ = "it came, and left the bus again by itself";
    } else if (asked_.by != "AT") {
      ailment_ = fmt::format("its firmware is on the bus, but AT does not answer{}",
                             asked_.silence ? ": " + asked_.silence->what : "");
    }
    report_.after = asked_.identity;
    return {};
  }

  /// A job that was cut: for certain by the chip's serial, as a hint by the port.
  Result<void> recall_job() {
    if (options_.flash.journals != nullptr && !past_) {
      past_ = read_past_jobs(*options_.flash.journals, most_journals, events_);
    }
    job_ = past_ ? unfinished_job(*past_, asked_.identity.chip, modem_.device.port) : nullptr;
    certain_ = job_ != nullptr && asked_.identity.chip.serial.has_value();
    if (!cure_ && options_.cure) {
      TRY_ASSIGN(cure_, options_.cure(certain_ ? job_ : nullptr));
    }
    return {};
  }

  /// Gentlest first; none twice in the same state.
  std::vector<Remedy> remedies() {
    std::vector<Remedy> list;
    auto state = modem_.sighting.state;
    auto add = [&](Remedy::Kind kind, std::string what) {
      auto again = std::ranges::any_of(tried_, [&](const auto& one) { return one.kind == kind && one.from == state; });
      if (!again) {
        list.push_back({kind, state, std::move(what)});
      }
    };
    if (options_.gentle) {
      const auto* way = find_way(state, Target::normal);
      if (restarts_) {
        add(Remedy::Kind::watch, "wait whether it stays");
      } else if (state == State::running && knowledge::diag_interface(modem_.device.fingerprint)) {
        add(Remedy::Kind::restart, "restart it by DIAG");
      } else if (way != nullptr && may_be_reset()) {
        add(Remedy::Kind::to_normal, fmt::format("bring it back by {}: nothing is written", way->how));
      }
    }
    if (cure_ && can_be_flashed()) {
      add(Remedy::Kind::flash, (certain_ ? "go on with the flash of " : "flash ") + cure_->package->path);
    }
    return list;
  }

  /// From EDL a reset may be of no use, or of harm: what kept the modem out of the dark may be the boot pin, or another
  /// program's flash may be half done.
  bool may_be_reset() {
    if (modem_.sighting.state == State::fastboot && job_ != nullptr) {
      emit_info(events_,
                fmt::format("the job of {} on this port was cut: a reboot would start what it has left, or lead "
                            "back here. modemedic mode normal does it all the same",
                            printable(job_->time)));
      return false;
    }
    if (modem_.sighting.state != State::edl) {
      return true;
    }
    if (chip_ && chip_->sbl_blank) {
      emit_info(events_, "SBL is blank: a reset leads back into EDL, where the chip tells who it is");
      return true;
    }
    if (asked_.by == "Firehose" && past_ && was_cut_before_erasing(*past_, modem_.device.port)) {
      emit_info(events_, "the last job on this port was cut before it erased anything: a reset is safe");
      return true;
    }
    if (asked_.by == "Firehose" && job_ == nullptr) {
      emit_info(events_,
                "a programmer of another program runs: what that has written may be half done, and then a reset "
                "would leave a modem that shows nothing at all; it is not reset");
      return false;
    }
    if (certain_) {
      emit_info(events_,
                fmt::format("the job of {} was cut: without SBL a reset leads back here", printable(job_->time)));
      return false;
    }
    if (cure_ && was_lost_by_reset()) {
      emit_info(events_, "the last reset was not survived: it is not tried again");
      return false;
    }
    return true;
  }

  bool was_lost_by_reset() const {
    auto* records = options_.gate.records;
    auto known = records == nullptr ? std::nullopt : records->known_before(modem_.device, asked_.identity);
    if (!known || known->record.jobs.empty()) {
      return false;
    }
    const auto& last = known->record.jobs.back();
    return last.command == "mode normal" && last.result == name(Code::modem_lost);
  }

  /// In the other states it takes no programmer, or not one of this family.
  bool can_be_flashed() const {
    auto state = modem_.sighting.state;
    return state == State::running || knowledge::takes_programmer(state) || modem_.sighting.family == "9x15";
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
                                     printable(ailment_, 300), text));
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
      modem_ = arrived_->modem;
      asked_ = std::exchange(arrived_, std::nullopt)->after;
      chip_.reset();
      return judge();
    }
    TRY(find_again(done ? std::nullopt : std::optional(std::move(done.error()))));
    return look();
  }

  Result<void> apply(const Remedy& remedy) {
    switch (remedy.kind) {
      case Remedy::Kind::watch:
        return wait_until_it_stays(bus_, modem_.device, events_, stop_);
      case Remedy::Kind::restart: {
        TRY_ASSIGN(arrived_, restart_by_diag(bus_, modem_, events_, stop_));
        return {};
      }
      case Remedy::Kind::to_normal: {
        TRY_ASSIGN(arrived_, change_mode(bus_, modem_, Target::normal, {options_.gate.records, options_.flash.time},
                                         events_, stop_));
        return {};
      }
      case Remedy::Kind::flash:
        return flash_it();
    }
    return fail(Code::bug).what("a remedy of no known kind");
  }

  Result<void> flash_it() {
    if (options_.consent) {
      TRY(options_.consent(modem_, *cure_->package));
    }
    auto target = modem_;
    if (restarts_) {
      TRY_ASSIGN(target, catch_into_edl(bus_, modem_, events_, stop_));
    }
    auto gate = options_.gate;
    auto at = asked_.by == "AT" ? At::answers : At::silent;
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

  /// A flash has proven itself: what happens to the modem from here on is no part of this rescue.
  Result<void> accept_flash() {
    ailment_.clear();
    report_.after = report_.flash->after;
    if (auto now = device_after(bus_, modem_.device); now && *now) {
      modem_ = {**now, knowledge::conclude((*now)->fingerprint)};
    }
    return {};
  }

  /// The modem as it is now, after something was tried.
  Result<void> find_again(const std::optional<Error>& failed) {
    TRY_ASSIGN(auto now, device_after(bus_, modem_.device));
    if (!now) {
      TRY_ASSIGN(now, wait_for_next(bus_, modem_.device, 0s, Deadline::in(bus_.clock(), return_patience)));
    }
    if (!now) {
      return fail(Code::modem_lost)
          .what(failed ? failed->what : "the modem left and did not come back")
          .hint(
              fmt::format("take all power from the modem for some seconds, and run modemedic rescue again; if it stays "
                          "away, hold its boot pin (USB_BOOT at 1.8 V) at power-on: then it comes up in EDL, and "
                          "modemedic rescue --flash PACKAGE flashes it from there. {}",
                          who_it_is()));
    }
    modem_ = {*now, knowledge::conclude(now->fingerprint)};
    chip_.reset();
    return {};
  }

  /// Which package it would be, for the hint.
  std::string who_it_is() const {
    std::string text;
    auto* records = options_.gate.records;
    auto known = records == nullptr ? std::nullopt : records->known_before(modem_.device, asked_.identity);
    auto revision = asked_.identity.revision;
    if (revision.empty() && known && known->certain) {
      revision = known->record.revision;
    }
    if (revision.empty() && certain_) {
      revision = job_->revision;
    }
    if (auto parsed = firmware::parse_revision(revision)) {
      text = fmt::format("The package must be one for {} (it ran {}). ", parsed->order_code, printable(revision));
    } else if (revision.empty() && known && !known->record.revision.empty()) {
      text = fmt::format("On this port a modem with {} was seen last; another may sit there now. ",
                         printable(known->record.revision));
    }
    if (job_ != nullptr) {
      text +=
          fmt::format("{} of {} was of package {}", certain_ ? "The job" : "A job on this port, perhaps of this modem,",
                      printable(job_->time), printable(job_->package));
    }
    return text;
  }

  Result<RescueReport> out_of_remedies() const {
    auto what = fmt::format("the modem is not well: {}", ailment_);
    if (asked_.by == "AT" && !restarts_ && asked_.identity.imei.empty()) {
      return fail(Code::not_proven).what(what).hint("no firmware brings that back: restore this module's own backup");
    }
    if (!cure_ && can_be_flashed()) {
      return fail(Code::refused)
          .rule("package")
          .what(what + ". Nothing is left to be tried without a package")
          .hint(fmt::format("modemedic rescue PACKAGE. {}", who_it_is()));
    }
    return fail(Code::device_refused)
        .what(what + ". Nothing is left to be tried from here")
        .hint(fmt::format(
            "take all power from the modem for some seconds and run modemedic rescue again; if it comes back "
            "like this, hold its boot pin (USB_BOOT at 1.8 V) at power-on, and flash it from EDL: "
            "modemedic rescue --flash PACKAGE. {}",
            who_it_is()));
  }

  usb::Bus& bus_;
  Found modem_;
  const RescueOptions& options_;
  Events& events_;
  const std::stop_token& stop_;
  Asked asked_;
  std::string ailment_;              ///< what is wrong with it; empty: nothing
  bool restarts_ = false;            ///< it left by itself
  std::optional<ChipAsFound> chip_;  ///< through a programmer that was found running
  std::optional<std::vector<PastJob>> past_;
  const PastJob* job_ = nullptr;  ///< that did not end well
  bool certain_ = false;          ///< it is this very chip's
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
