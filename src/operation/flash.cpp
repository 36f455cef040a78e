#include "operation/flash.h"

#include "base/digest.h"
#include "base/shell.h"
#include "firmware/partition_role.h"
#include "firmware/safe_path.h"
#include "operation/back_out.h"
#include "operation/efs_guard.h"
#include "operation/erase_range.h"
#include "operation/flash_events.h"
#include "operation/flash_job.h"
#include "operation/flash_without_firehose.h"
#include "operation/follow_port.h"
#include "operation/image_check.h"
#include "operation/modem_records.h"
#include "operation/past_jobs.h"
#include "operation/program_image.h"
#include "operation/prove_flash.h"
#include "operation/read_back.h"
#include "operation/run_firehose.h"
#include "operation/switch_mode.h"
#include "operation/upload.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using firmware::Package;
using plan::Step;
namespace firehose = protocol::firehose;

namespace {

/// What a vendor wrote on an erase beyond the standard: the modem must get it verbatim. A program that lends its range
/// to an erase of our own has none.
firehose::Attributes vendor_attributes(const firmware::RawCommand& command) {
  firehose::Attributes own;
  for (const auto& attribute : command.attributes) {
    firmware::RawCommand alone;
    alone.attributes = {attribute};
    if (command.kind == firmware::RawCommand::Kind::erase && alone.vendor_tagged()) {
      own.push_back(attribute);
    }
  }
  return own;
}

/// How many journals are searched for the job that was cut.
constexpr std::size_t most_journals = 200;

/// One flash from the open gate to its proof.
class Walk {
public:
  Walk(usb::Bus& bus, Admission admission, const plan::ProvenPlan& plan, const FlashOptions& options, Events& events,
       std::stop_token stop)
      : admission_(std::move(admission)),
        bus_(bus),
        modem_(admission_.modem()),
        package_(admission_.package()),
        plan_(plan),
        options_(options),
        events_(events),
        stop_(std::move(stop)),
        meter_(std::in_place, events, bytes_to_write(plan.plan(), package_)) {
    if (admission_.identity() != nullptr) {
      report_.before = *admission_.identity();
    }
  }

  Result<FlashReport> run() {
    auto started = bus_.clock().now();
    begin_job();
    auto walked = walk();
    job_->end(walked, modem_, report_);
    TRY(std::move(walked));
    report_.bytes_programmed = meter_->finished();
    report_.whole_time = bus_.clock().now() - started;
    return std::move(report_);
  }

private:
  /// Takes the plan's steps, or those of what is left of it once the chip has been read (go_on_from_what_stands).
  Result<void> walk() {
    for (std::size_t i = 0; i < plan_.plan().steps.size(); ++i) {
      const auto step = plan_.plan().steps[i];  // a copy: the plan may become a shorter one
      events_.emit(event::Step{std::string(id_of(step.kind)), step.what, i + 1, plan_.plan().steps.size(),
                               step.no_return ? step.cut_leaves + "; then " + step.go_on : ""});
      job_->journal().begun(step);
      auto taken = stop_.stop_requested() ? fail(Code::interrupted).what("stopped by the person") : take_checked(step);
      if (!taken) {
        return explain(std::move(taken.error()), step);
      }
      job_->journal().done(step);
    }
    return {};
  }

  void begin_job() {
    if (options_.journals != nullptr && takes_programmer(modem_.sighting.state) && !options_.anew) {
      past_ = read_past_jobs(*options_.journals, most_journals, events_);
    }
    job_.emplace(admission_, plan_.plan(), options_, bus_.clock(), events_);
  }

  /// A modem that was switched by us has told its IMEI and its chip's serial: from now on one is known by the other.
  void remember_chip() {
    if (admission_.records() != nullptr && report_.chip) {
      auto identity = report_.before;
      identity.chip = *report_.chip;
      admission_.records()->saw({modem_.device, std::string(name(modem_.sighting.state)), identity, options_.time});
    }
  }

  /// SBL is what makes the modem leave EDL: it is not written before all else is as it shall be, nor booted before it
  /// is.
  Result<void> take_checked(const Step& step) {
    auto is_sbl = step.kind == Step::Kind::program && firmware::role_of(step.name) == firmware::Role::sbl;
    if (is_sbl || step.kind == Step::Kind::reset) {
      TRY(check_->check());
    }
    if (step.kind == Step::Kind::reset) {
      TRY(compare_own());
      report_.read_back = check_->seen();
      report_.new_bad_blocks = check_->new_bad_blocks();
      job_->journal().read_back(report_.read_back);
    }
    return take(step);
  }

  Result<void> take(const Step& step) {
    switch (step.kind) {
      case Step::Kind::switch_to_edl:
        return switch_mode();
      case Step::Kind::upload:
        return upload();
      case Step::Kind::configure:
        return configure(*link_);
      case Step::Kind::ask_chip:
        return ask();
      case Step::Kind::erase:
        return erase(step);
      case Step::Kind::prove_erased:
        return prove_blank(*link_, step.range, report_.storage, step.name);
      case Step::Kind::program:
        return program(step);
      case Step::Kind::reset:
        return reset();
      case Step::Kind::prove:
        return prove();
      default:
        break;
    }
    return fail(Code::bug).what("a plan step of no known kind");
  }

  Result<void> switch_mode() {
    TRY_ASSIGN(programmer_, read_programmer(package_));
    if (takes_programmer(modem_.sighting.state)) {
      return {};
    }
    TRY_ASSIGN(modem_, switch_to_edl(bus_, modem_, events_));
    return {};
  }

  Result<void> upload() {
    TRY_ASSIGN(pipe_, open_edl(bus_, modem_.device));
    link_.emplace(*pipe_, bus_.clock(), events_);
    auto chip = upload_programmer(*pipe_, bus_.clock(), *link_, programmer_, package_.geometry, events_);
    programmer_runs_ = chip.has_value();
    TRY_ASSIGN(report_.chip, std::move(chip));
    remember_chip();
    job_->journal().chip(*report_.chip);
    return {};
  }

  Result<void> ask() {
    TRY_ASSIGN(report_.storage, ask_chip(*link_));
    report_.chip_asked = true;
    TRY(plan::check_chip(plan_, package_, report_.storage));
    TRY_ASSIGN(auto table, read_chip_table(*link_, package_, report_.storage));
    guard_own(table);
    auto back_up = [this] { return own_->save_for_certain("what is the module's own would be destroyed"); };
    TRY_ASSIGN(auto lifted,
               admission_.confirm({*report_.chip, report_.storage, std::move(table), back_up}, plan_, events_));
    job_->note_lifted(lifted);
    TRY(own_->save());
    if (own_->saved()) {
      job_->journal().saved(own_->saved()->file);
    }
    check_.emplace(ImageCheck::Setup{*link_, package_, plan_, report_.storage, events_, options_.programs_tried,
                                     options_.verify == Verify::read, stop_});
    return go_on_from_what_stands();
  }

  void guard_own(const ChipTable& table) {
    own_.emplace(
        EfsGuard::Setup{.place = {options_.backups, modem_.device.port, options_.time},
                        .clock = bus_.clock(),
                        .events = events_,
                        .stop = stop_,
                        .programmer = std::string(firmware::last_part(package_.files[package_.programmer].path)),
                        .programmer_digest = hex_digits(digest<Sha256>(programmer_)),
                        .programmer_option = "--package " + shell_word(package_.path)});
    if (!table.table && !options_.backups.empty()) {
      warn(events_,
           fmt::format("{}: what is the module's own is saved from where the package's table has it", table.why));
    }
    auto identity = report_.before;
    identity.chip = *report_.chip;
    std::vector<SectorRange> writes;
    std::ranges::transform(package_.commands, std::back_inserter(writes), &firmware::RawCommand::range);
    // Where EFS2 is in the package's table nothing of this flash writes, and that table is what a chip without one
    // gets.
    own_->meet(*link_, std::move(identity), report_.storage, table.table.value_or(package_.table), std::move(writes));
  }

  /// When the latest job of this very chip was this plan and did not end well: what it wrote is read, and what stands
  /// needn't be sent again. The journal only tells where to look.
  Result<void> go_on_from_what_stands() {
    const auto* job = unfinished_job(past_, *report_.chip, modem_.device.port);
    if (job == nullptr || job->plan != digest_of(plan_.plan(), package_)) {
      return {};
    }
    std::set<std::size_t> candidates;
    for (std::size_t i = 0; i < package_.images.size(); ++i) {
      auto partition = package_.images[i].partition;
      if (job->programmed.contains(partition) && firmware::role_of(partition) != firmware::Role::sbl) {
        candidates.insert(i);
      }
    }
    events_.emit(event::Step{"survey",
                             fmt::format("read back what the job of {} has left", printable(job->time)),
                             0,
                             plan_.plan().steps.size(),
                             {}});
    TRY_ASSIGN(auto standing, find_standing(*link_, package_, report_.storage, candidates, stop_));
    TRY_ASSIGN(auto rest, plan::make_plan(package_, standing));
    TRY_ASSIGN(plan_, plan::prove_plan(std::move(rest), package_, standing));
    report_.standing = standing.size();
    for (auto image : standing) {
      check_->written(image, true);
    }
    meter_.emplace(events_, bytes_to_write(plan_.plan(), package_));
    if (report_.chip->serial) {  // only then it is this very modem's job
      report_.before.revision = job->revision;
      report_.before.imei = job->imei;
    }
    return {};
  }

  Result<void> erase(const Step& step) {
    erasing_ = true;
    const auto& command = package_.commands[step.command];
    firehose::Erase erase{plan_.plan().geometry, step.range, vendor_attributes(command)};
    TRY_ASSIGN(auto sure, erase_range(*link_, erase, report_.storage, step.name));
    if (!sure) {
      check_->doubt(step.name);
    }
    return {};
  }

  Result<void> program(const Step& step) {
    const auto& image = package_.images[step.image];
    auto started = bus_.clock().now();
    meter_->start(step.name, package_.file(image).size);
    ImageProgrammer programmer(*link_, package_, plan_, report_.storage, events_);
    TRY_ASSIGN(auto seen, programmer.program(
                              image, options_.programs_tried, [&](std::uint64_t done) { meter_->tell(done); }, stop_));
    check_->written(step.image, seen);
    meter_->finish();
    report_.data_time += bus_.clock().now() - started;
    return {};
  }

  Result<void> reset() {
    TRY(reset_by_firehose(*link_));
    check_.reset();
    link_.reset();
    pipe_.reset();
    return {};
  }

  /// The reset is the last moment at which the chip can be read.
  Result<void> compare_own() {
    auto compared = own_->compare();
    report_.saved = own_->saved();
    report_.efs_compared = own_->compared();
    report_.efs_changed = own_->changed();
    report_.efs_written_over = own_->written_over();
    return compared;
  }

  Result<void> prove() {
    auto proven = prove_flash(bus_, modem_.device, report_.before, package_, events_, stop_);
    if (!proven && proven.error().code == Code::not_proven && own_->saved()) {
      auto error = std::move(proven.error());
      error.hint += (error.hint.empty() ? "" : ". ") + own_->way_back();
      return fail(std::move(error));
    }
    TRY_ASSIGN(report_.after, std::move(proven));
    if (!own_->changed().empty()) {
      return fail(Code::not_proven)
          .what(fmt::format("the modem runs, but {} is not what it was, and this flash had nothing to do there",
                            fmt::join(own_->changed(), ", ")))
          .hint("its flash memory may be failing. " + own_->way_back());
    }
    return {};
  }

  /// Says in which state the modem is now, and how to go on.
  Failure explain(Error error, const Step& step) {
    error.during = step.what;
    error.device = "port " + modem_.device.port;
    auto add = [&error](const std::string& sentence) { error.hint += (error.hint.empty() ? "" : ". ") + sentence; };
    if (!erasing_) {
      Given given{.modem = modem_.device,
                  .in_edl = takes_programmer(modem_.sighting.state),
                  .pipe = pipe_.get(),
                  .link = programmer_runs_ ? &*link_ : nullptr,
                  .hang_up =
                      [this] {
                        check_.reset();
                        link_.reset();
                        pipe_.reset();
                      },
                  .before = admission_.told() ? admission_.identity() : nullptr};
      add(back_out(bus_, given, events_));
    } else if (step.kind != Step::Kind::prove || error.hint.empty()) {
      add(
          fmt::format("What the modem has now: {}. To go on: {} (modemedic rescue {}{}; where nothing is remembered of "
                      "it, with --override unknown)",
                      step.cut_leaves, step.go_on, shell_word(package_.path), overrides_to_go_on()));
    }
    return fail(std::move(error));
  }

  /// What was lifted has to be lifted again.
  std::string overrides_to_go_on() const {
    std::string words;
    for (const auto& rule : admission_.lifted()) {
      words += " --override " + rule;
    }
    return words;
  }

  Admission admission_;  ///< keeps others away from the modem until the pipe below is closed
  usb::Bus& bus_;
  Found modem_;
  const Package& package_;
  plan::ProvenPlan plan_;
  const FlashOptions& options_;
  Events& events_;
  std::stop_token stop_;
  std::optional<ProgressMeter> meter_;
  FlashReport report_;
  std::optional<FlashJob> job_;
  std::vector<PastJob> past_;
  Buffer programmer_;
  std::unique_ptr<usb::Pipe> pipe_;
  std::optional<FirehoseLink> link_;
  std::optional<ImageCheck> check_;
  std::optional<EfsGuard> own_;   ///< of what is the module's own
  bool programmer_runs_ = false;  ///< and takes commands
  bool erasing_ = false;          ///< the first erase has been sent, or is about to be
};

}  // namespace

Result<FlashReport> flash(usb::Bus& bus, Admission admission, const plan::ProvenPlan& plan, const FlashOptions& options,
                          Events& events, std::stop_token stop) {
  if (plan.plan().method != plan::Method::firehose) {
    return flash_without_firehose(bus, std::move(admission), plan, options, events, std::move(stop));
  }
  return Walk(bus, std::move(admission), plan, options, events, std::move(stop)).run();
}

}  // namespace modemedic::operation
