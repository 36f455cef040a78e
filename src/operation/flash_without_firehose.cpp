#include "operation/flash_without_firehose.h"

#include "base/shell.h"
#include "firmware/safe_path.h"
#include "operation/emit_log.h"
#include "operation/flash_events.h"
#include "operation/flash_job.h"
#include "operation/prove_flash.h"
#include "operation/run_fastboot.h"
#include "operation/run_streaming.h"
#include "operation/upload.h"
#include "operation/whereabouts.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using firmware::Package;
using knowledge::State;
using plan::Step;
using protocol::StreamingHost;

namespace {

/// A loader comes back after GO, or stays as it is.
constexpr Duration loader_patience = 8s;
/// 13 s in one field log, from the end of the boot loader's part; a modem that starts instead takes longer.
constexpr Duration mode_patience = 120s;
constexpr Duration reboot_patience = 5s;
/// A modem that has just started takes AT+QFASTBOOT only when its AT port answers.
constexpr int most_tries = 4;

class Walk {
public:
  Walk(usb::Bus& bus, Admission admission, const plan::ProvenPlan& plan, const FlashOptions& options, Events& events,
       std::stop_token stop)
      : admission_(std::move(admission)),
        bus_(bus),
        modem_(bus, admission_.modem(), events, stop),
        package_(admission_.package()),
        plan_(plan.plan()),
        options_(options),
        events_(events),
        stop_(std::move(stop)),
        meter_(events, bytes_to_write(plan_, package_)) {
    if (admission_.identity() != nullptr) {
      report_.before = *admission_.identity();
    }
  }

  Result<FlashReport> run() {
    if (admission_.method() != plan_.method) {
      return fail(Code::bug).what("the modem was let in for another method than the plan's");
    }
    auto started = bus_.clock().now();
    job_.emplace(admission_, plan_, options_, bus_.clock(), events_);
    auto walked = walk();
    hang_up();
    job_->end(walked, modem_.modem(), report_);
    TRY(std::move(walked));
    report_.bytes_programmed = meter_.finished();
    report_.whole_time = bus_.clock().now() - started;
    return std::move(report_);
  }

private:
  Result<void> walk() {
    if (auto saved = save(); !saved) {
      return not_begun(std::move(saved.error()));
    }
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      const auto& step = plan_.steps[i];
      events_.emit(event::Step{std::string(id_of(step.kind)), step.what, i + 1, plan_.steps.size(),
                               step.no_return ? step.cut_leaves + "; then " + step.go_on : ""});
      job_->journal().begun(step);
      changed_ = changed_ || step.no_return || step.may_wipe;
      auto taken = stop_.stop_requested() ? fail(Code::interrupted).what("stopped by the person") : take(step);
      if (!taken) {
        return explain(std::move(taken.error()), step);
      }
      job_->journal().done(step);
    }
    return {};
  }

  /// What is the module's own, while somebody can still read it: in fastboot and download mode nobody can.
  Result<void> save() {
    const auto& modem = admission_.modem();
    auto may_be_lost = std::ranges::any_of(plan_.steps, &Step::may_wipe);
    TRY_ASSIGN(report_.saved_files, save_files(bus_,
                                               {.modem = modem,
                                                .identity = admission_.identity(),
                                                .place = {options_.backups, modem.device.port, options_.time},
                                                .may_be_lost = may_be_lost,
                                                .copy_named = admission_.backup_named()},
                                               events_, stop_));
    if (report_.saved_files) {
      job_->journal().saved(report_.saved_files->file);
    }
    return {};
  }

  Result<void> take(const Step& step) {
    switch (step.kind) {
      case Step::Kind::to_download:
        return modem_.go(Target::download, mode_patience);
      case Step::Kind::load:
        return load();
      case Step::Kind::table:
        return send_table();
      case Step::Kind::stream_erase:
        return link_->erase(step.name);
      case Step::Kind::stream:
        return write(step, [&](auto tell) {
          return link_->write(package_, package_.images[step.image].file, step.name, tell, stop_);
        });
      case Step::Kind::leave_loader:
        return leave_loader();
      case Step::Kind::to_fastboot:
        return to_fastboot();
      case Step::Kind::flash_erase:
        return erase_by_fastboot(*pipe_, bus_.clock(), firmware::fold_case(step.name));
      case Step::Kind::flash:
        return write(step, [&](auto tell) {
          return flash_by_fastboot(*pipe_, bus_.clock(), package_, package_.images[step.image].file,
                                   firmware::fold_case(step.name), tell, stop_);
        });
      case Step::Kind::reboot:
        return reboot();
      case Step::Kind::prove:
        return prove();
      default:
        return fail(Code::bug).what("a plan step that has no place without Firehose");
    }
  }

  Result<void> load() {
    TRY_ASSIGN(pipe_, open_edl(bus_, modem_.modem().device));
    if (package_.chip == "9x07") {
      TRY(start_loader_by_sahara(*pipe_, bus_.clock(), package_));
    } else {
      TRY_ASSIGN(loader_ran_, start_loader(*pipe_, bus_.clock(), package_));
      if (loader_ran_) {
        emit_info(events_, "a streaming loader runs on the modem already");
        return {};
      }
    }
    // The same port comes back, on some modems as a new device, on some as the one it was.
    hang_up();
    TRY(modem_.look(loader_patience));
    TRY_ASSIGN(pipe_, open_edl(bus_, modem_.modem().device));
    return {};
  }

  Result<void> send_table() {
    TRY_ASSIGN(auto table, read_user_table(package_));
    link_.emplace(*pipe_, bus_.clock(), events_);
    return link_->run(StreamingHost::Session{std::move(table), table_risk(), loader_ran_});
  }

  /// Whose chip has no table at all is erased by a 9x07's loader, too: only one that ran has shown that it has one.
  StreamingHost::TableRisk table_risk() const {
    if (package_.chip == "9x07" && admission_.modem().sighting.state == State::running) {
      return StreamingHost::TableRisk::cannot_erase;
    }
    return admission_.lifted().contains("efs") ? StreamingHost::TableRisk::loss_accepted
                                               : StreamingHost::TableRisk::unknown;
  }

  template <class Send>
  Result<void> write(const Step& step, Send send) {
    auto started = bus_.clock().now();
    meter_.start(step.name, package_.file(package_.images[step.image]).size);
    TRY(send([&](std::uint64_t done) { meter_.tell(done); }));
    meter_.finish();
    report_.data_time += bus_.clock().now() - started;
    return {};
  }

  Result<void> leave_loader() {
    auto left = link_->run(StreamingHost::Reset{});
    if (!left && left.error().code != Code::modem_lost) {
      return left;
    }
    hang_up();
    return {};
  }

  /// From a running modem by AT+QFASTBOOT. After the boot loader's part it comes up there by itself: it has no kernel.
  Result<void> to_fastboot() {
    if (plan_.method == plan::Method::download) {
      TRY(modem_.arrive(
          Target::fastboot, [](State state) { return state == State::fastboot || state == State::running; },
          mode_patience));
    }
    for (auto i = 0; modem_.state() != State::fastboot; ++i) {
      auto gone = modem_.go(Target::fastboot, mode_patience);
      auto not_ready = !gone && (gone.error().code == Code::timeout || gone.error().code == Code::no_modem);
      if (!gone && (!not_ready || i == most_tries)) {
        return gone;
      }
    }
    TRY_ASSIGN(pipe_, open_fastboot(bus_, modem_.modem().device));
    TRY_ASSIGN(auto secure, run_fastboot(*pipe_, bus_.clock(), "getvar:secure", reboot_patience));
    auto told = secure.okay && (secure.text == "yes" || secure.text == "no");
    TRY_ASSIGN(auto lifted, admission_.confirm(told ? std::optional(secure.text == "yes") : std::nullopt, events_));
    job_->note_lifted(lifted);
    return check_sizes();
  }

  /// Before the first erase: an image that the boot loader has no room for can't be sent in pieces, because each
  /// `flash` begins at the partition's start.
  Result<void> check_sizes() {
    TRY_ASSIGN(auto most, largest_download(*pipe_, bus_.clock()));
    for (const auto& step : plan_.steps) {
      const auto& file = package_.file(package_.images[step.image]);
      if (step.kind == Step::Kind::flash && file.size > most) {
        return too_large_for_fastboot(printable(file.path), file.size, most);
      }
    }
    return {};
  }

  Result<void> reboot() {
    auto reply = run_fastboot(*pipe_, bus_.clock(), "reboot", reboot_patience);
    if (!reply && reply.error().code != Code::modem_lost) {
      return fail(std::move(reply.error()));
    }
    if (reply && !reply->okay) {
      return fail(Code::device_refused).what("the boot loader refused the reboot: " + printable(reply->text));
    }
    hang_up();
    return {};
  }

  Result<void> prove() {
    auto proven = prove_flash(bus_, modem_.modem().device, report_.before, package_, events_, stop_);
    if (!proven && proven.error().code == Code::not_proven && report_.saved_files) {
      auto error = std::move(proven.error());
      error.hint += fmt::format("{}As it was before: {}", error.hint.empty() ? "" : ". ", report_.saved_files->told());
      return fail(std::move(error));
    }
    TRY_ASSIGN(report_.after, std::move(proven));
    return {};
  }

  void hang_up() {
    link_.reset();
    pipe_.reset();
  }

  /// The modem was only read.
  Failure not_begun(Error error) {
    error.during = "save what is the module's own";
    error.device = "port " + modem_.modem().device.port;
    error.hint = error.hint.empty() ? "Nothing was sent that changes the modem: it runs as before" : error.hint;
    return fail(std::move(error));
  }

  /// Says in which state the modem is now, and how to go on.
  Failure explain(Error error, const Step& step) {
    error.during = step.what;
    error.device = "port " + modem_.modem().device.port;
    auto add = [&error](const std::string& sentence) { error.hint += (error.hint.empty() ? "" : ". ") + sentence; };
    if (!changed_) {
      add("Nothing was written: take all power from the modem for some seconds, and it starts as before (modemedic "
          "mode normal does so from fastboot)");
    } else if (step.kind != Step::Kind::prove || error.hint.empty()) {
      add(fmt::format("What the modem has now: {}. To go on: {} (modemedic flash {} --override unknown{})",
                      step.cut_leaves, step.go_on, shell_word(package_.path), backup_to_go_on()));
    }
    return fail(std::move(error));
  }

  /// In download mode the table is sent again, and nothing can be saved any more.
  std::string backup_to_go_on() const {
    if (!std::ranges::any_of(plan_.steps, &Step::may_wipe)) {
      return {};
    }
    return " --override efs --backup " +
           (report_.saved_files ? shell_word(report_.saved_files->file.string()) : std::string("FILE"));
  }

  Admission admission_;  ///< keeps others away from the modem until the pipe below is closed
  usb::Bus& bus_;
  Whereabouts modem_;
  const Package& package_;
  const plan::Plan& plan_;
  const FlashOptions& options_;
  Events& events_;
  std::stop_token stop_;
  ProgressMeter meter_;
  FlashReport report_;
  std::optional<FlashJob> job_;
  std::unique_ptr<usb::Pipe> pipe_;
  std::optional<StreamingLink> link_;
  bool loader_ran_ = false;  ///< when the modem was found: another host may have left a partition open
  bool changed_ = false;     ///< the first flash or table has been sent, or is about to be
};

}  // namespace

Result<FlashReport> flash_without_firehose(usb::Bus& bus, Admission admission, const plan::ProvenPlan& plan,
                                           const FlashOptions& options, Events& events, std::stop_token stop) {
  return Walk(bus, std::move(admission), plan, options, events, std::move(stop)).run();
}

}  // namespace modemedic::operation
