#include "operation/dry_run.h"

#include "base/digest.h"
#include "firmware/image_reader.h"
#include "firmware/partition_role.h"
#include "operation/back_out.h"
#include "operation/erase_range.h"
#include "operation/flash_events.h"
#include "operation/follow_port.h"
#include "operation/journal.h"
#include "operation/modem_records.h"
#include "operation/prove_flash.h"
#include "operation/switch_mode.h"
#include "operation/upload.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using firmware::Image;
namespace firehose = protocol::firehose;

namespace {

constexpr Duration boot_patience = 120s;
constexpr Duration at_patience = 60s;
constexpr auto known_target = "9x07";
constexpr auto its_promise = "skipping write requested by user";

Failure cannot(std::string what) {
  return fail(Code::refused)
      .rule("dry-run")
      .what(std::move(what))
      .hint("rehearse it on a virtual twin: the same command without --on-device");
}

class DryRun {
public:
  DryRun(usb::Bus& bus, Admission admission, const plan::ProvenPlan& plan, const DryRunOptions& options, Events& events,
         std::stop_token stop)
      : admission_(std::move(admission)),
        bus_(bus),
        modem_(admission_.modem()),
        package_(admission_.package()),
        plan_(plan),
        options_(options),
        events_(events),
        stop_(std::move(stop)) {}

  Result<DryRunReport> run() {
    auto started = bus_.clock().now();
    if (admission_.identity() != nullptr) {
      report_.before = *admission_.identity();
    }
    Journal journal(options_.journals,
                    {.command = "rehearse",
                     .time = options_.time,
                     .port = modem_.device.port,
                     .package = package_.path,
                     .plan = {}},
                    bus_.clock(), events_);
    note_lifted(journal, admission_.lifted());
    auto done = walk(journal);
    if (!done) {
      done = explain(std::move(done.error()));
    }
    journal.verdict(done);
    TRY(std::move(done));
    report_.whole_time = bus_.clock().now() - started;
    return std::move(report_);
  }

private:
  Result<void> walk(Journal& journal) {
    if (package_.chip != known_target) {
      return cannot(fmt::format("only a {} programmer is known to skip writes, this package is for {}", known_target,
                                package_.chip.empty() ? "an unknown chip" : printable(package_.chip)));
    }
    TRY(enter("switch", "switch the modem to EDL"));
    TRY_ASSIGN(programmer_, read_programmer(package_));
    if (!knowledge::takes_programmer(modem_.sighting.state)) {
      TRY_ASSIGN(modem_, switch_to_edl(bus_, modem_, events_));
    }
    TRY(enter("upload", "hand over the programmer"));
    TRY(upload(journal));
    TRY(enter("configure", "have it skip every write"));
    TRY(skip_writes());
    TRY(enter("ask-chip", "ask the chip for its geometry and bad blocks"));
    TRY(ask(journal));
    TRY(enter("probe", "program a blank page, and see that it stays blank"));
    TRY(probe());
    TRY_ASSIGN(auto before, digest_of_sbl());
    TRY(send_images());
    TRY(prove_probe_blank());
    TRY_ASSIGN(auto after, digest_of_sbl());
    if (before != after) {
      return wrote("SBL is not what it was");
    }
    TRY(enter("reset", "reset the modem"));
    return restart();
  }

  Result<void> enter(std::string id, std::string what) {
    during_ = what;
    events_.emit(event::Step{std::move(id), std::move(what), 0, 0, {}});
    return stop_.stop_requested() ? fail(Code::interrupted).what("stopped by the person") : Result<void>{};
  }

  Result<void> upload(Journal& journal) {
    TRY_ASSIGN(pipe_, open_edl(bus_, modem_.device));
    link_.emplace(*pipe_, bus_.clock(), events_);
    TRY_ASSIGN(chip_, upload_programmer(*pipe_, bus_.clock(), *link_, programmer_, package_.geometry, events_));
    programmer_runs_ = true;
    journal.chip(chip_);
    return {};
  }

  Result<void> skip_writes() {
    firehose::Configure command;
    command.skip_write = true;
    TRY_ASSIGN(auto reply, link_->run(command));
    if (!reply.ack) {
      return fail(Code::device_refused)
          .what("the programmer refused its configuration: " + in_its_words(reply))
          .hint("the package's programmer may be for another chip: use the package made for this module");
    }
    auto target = reply.attributes.find("TargetName");
    if (target == reply.attributes.end() || target->second != known_target) {
      return cannot(fmt::format("only a {} programmer is known to skip writes, this one calls itself {}", known_target,
                                target == reply.attributes.end() ? "nothing" : printable(target->second)));
    }
    if (find_log(reply.logs, its_promise) == nullptr) {
      return cannot("the programmer does not say that it will skip writes");
    }
    return {};
  }

  Result<void> ask(Journal& journal) {
    TRY_ASSIGN(report_.storage, ask_chip(*link_));
    TRY(plan::check_chip(plan_, package_, report_.storage));
    TRY_ASSIGN(auto table, read_chip_table(*link_, package_, report_.storage));
    TRY_ASSIGN(auto lifted, admission_.confirm({chip_, report_.storage, std::move(table)}, plan_, events_));
    note_lifted(journal, lifted);
    return {};
  }

  static void note_lifted(Journal& journal, const std::set<std::string>& rules) {
    for (const auto& rule : rules) {
      journal.lifted(rule);
    }
  }

  /// The last good block of a partition that the plan writes and that is the boot chain's in no way, behind the end of
  /// its image; raw images first, since nobody looks behind their end.
  std::vector<SectorRange> candidates() const {
    std::vector<SectorRange> blocks;
    auto block = report_.storage.geometry.pages_per_block;
    for (const auto* first : {"recovery", "boot", ""}) {
      for (const auto& image : package_.images) {
        auto named = *first == '\0' || image.partition == first;
        if (!named || firmware::role_of(image.partition) != firmware::Role::plain) {
          continue;
        }
        auto used = image.range.start + package_.geometry.sectors_for(package_.file(image).size);
        for (auto at = image.range.end(); at >= used + Sectors{block}; at = at - Sectors{block}) {
          auto start = at - Sectors{block};
          if (!std::ranges::binary_search(report_.storage.bad_blocks, start.n / block)) {
            blocks.push_back({start, {block}});
            break;
          }
        }
      }
    }
    return blocks;
  }

  Result<void> probe() {
    for (const auto& block : candidates()) {
      auto blank = is_blank(*link_, block, report_.storage, "a block behind an image");
      if (blank && *blank) {
        return probe_at(block);
      }
      if (!blank && blank.error().code != Code::device_refused) {
        return fail(std::move(blank.error()));
      }
    }
    return cannot(
        "the chip has no blank block behind an image of this package, on which it could be seen whether the "
        "programmer skips writes");
  }

  /// Begins with the block, as it must (facts: programmer-9x07.md), and means its last page alone: a block whose first
  /// page is blank counts as free.
  Result<void> probe_at(const SectorRange& block) {
    const auto& geometry = report_.storage.geometry;
    Buffer bytes(geometry.block_size(), std::byte{0xFF});
    std::fill(bytes.end() - geometry.page_size, bytes.end(), std::byte{0x5A});
    probe_ = block;
    report_.probe = block.end() - Sectors{1};
    TRY_ASSIGN(auto reply, link_->program({geometry, block.start, bytes.size(), "probe"}, bytes));
    if (!reply.ack) {
      return fail(Code::device_refused)
          .what("the programmer refused the page that was to show whether it skips writes: " + in_its_words(reply));
    }
    return prove_probe_blank();
  }

  Result<void> prove_probe_blank() {
    TRY_ASSIGN(auto blank, is_blank(*link_, probe_, report_.storage, "the page that was to stay blank"));
    return blank ? Result<void>{} : wrote(fmt::format("sector {} was blank and is not any more", report_.probe.n));
  }

  Failure wrote(const std::string& what) {
    disobeyed_ = true;
    return fail(Code::device_refused)
        .what(fmt::format("the programmer said that it skips writes, and wrote: {}", what))
        .hint(fmt::format("no further image was sent. Sector {} is behind the end of an image, where nothing reads it; "
                          "the next flash erases it",
                          report_.probe.n));
  }

  Result<Sha256> digest_of_sbl() {
    const auto& geometry = report_.storage.geometry;
    Hasher<Sha256> hasher;
    TRY_ASSIGN(auto reply, link_->read({geometry, {{0}, {geometry.pages_per_block}}, true}, [&](ByteView bytes) {
      hasher.update(bytes);
      return Result<void>{};
    }));
    if (!reply.ack) {
      return fail(Code::device_refused).what("the chip could not be read: " + in_its_words(reply));
    }
    return hasher.finish();
  }

  Result<void> send_images() {
    std::uint64_t all = 0;
    for (const auto& step : plan_.plan().steps) {
      all += step.kind == plan::Step::Kind::program ? package_.file(package_.images[step.image]).size : 0;
    }
    ProgressMeter meter(events_, all);
    for (const auto& step : plan_.plan().steps) {
      if (step.kind == plan::Step::Kind::program) {
        TRY(enter("send", fmt::format("send {}, which is not written", step.name)));
        TRY(send(package_.images[step.image], meter));
      }
    }
    report_.bytes_sent = meter.finished();
    return {};
  }

  Result<void> send(const Image& image, ProgressMeter& meter) {
    const auto& file = package_.file(image);
    auto started = bus_.clock().now();
    meter.start(image.partition, file.size);
    TRY_ASSIGN(auto reader, firmware::ImageReader::open(package_, image.file));
    firehose::Program command{package_.geometry, image.range.start, file.size,
                              file.path.substr(file.path.rfind('/') + 1)};
    TRY_ASSIGN(auto reply, link_->program(
                               command, *reader, [&](std::uint64_t done) { meter.tell(done); }, stop_));
    if (!reply.ack) {
      return fail(Code::device_refused)
          .what(fmt::format("the modem refused {}: {}", image.partition, in_its_words(reply)))
          .hint("a flash would have failed here");
    }
    TRY(reader->verify());
    meter.finish();
    report_.data_time += bus_.clock().now() - started;
    return {};
  }

  /// One that ran before must run again, as who it was. What was found in EDL is left there.
  Result<void> restart() {
    TRY_ASSIGN(auto reply, link_->run(firehose::Power{}));
    if (!reply.ack) {
      return fail(Code::device_refused).what("the modem refused its reset: " + in_its_words(reply));
    }
    was_reset_ = true;
    link_.reset();
    pipe_.reset();
    if (!admission_.told()) {
      return {};
    }
    TRY(enter("prove", "the modem runs as before"));
    auto device = wait_until_running(bus_, modem_.device, Deadline::in(bus_.clock(), boot_patience), events_, stop_);
    if (!device) {
      return fail(Code::modem_lost)
          .what("nothing was written, but the modem was not seen to run again after the reset")
          .hint("take all power from it for some seconds; if it does not start then, modemedic rescue")
          .cause(std::move(device.error()));
    }
    TRY_ASSIGN(report_.after, identify(bus_, *device, Deadline::in(bus_.clock(), at_patience), events_));
    if (report_.after.revision != report_.before.revision || report_.after.imei != report_.before.imei) {
      return fail(Code::not_proven)
          .what(fmt::format("the modem runs {} after the rehearsal, and ran {} before",
                            printable(report_.after.revision), printable(report_.before.revision)))
          .hint("look at it with modemedic doctor");
    }
    return {};
  }

  Failure explain(Error error) {
    error.during = during_;
    error.device = "port " + modem_.device.port;
    if (!was_reset_) {
      Given given{.modem = modem_.device,
                  .in_edl = knowledge::takes_programmer(modem_.sighting.state),
                  .pipe = pipe_.get(),
                  .link = programmer_runs_ ? &*link_ : nullptr,
                  .hang_up =
                      [this] {
                        link_.reset();
                        pipe_.reset();
                      },
                  .before = admission_.told() ? admission_.identity() : nullptr};
      auto left = back_out(bus_, given, events_);
      constexpr std::string_view innocent = "nothing was written: ";
      if (disobeyed_ && left.starts_with(innocent)) {
        left.erase(0, innocent.size());
      }
      error.hint += (error.hint.empty() ? "" : ". ") + left;
    }
    return fail(std::move(error));
  }

  Admission admission_;
  usb::Bus& bus_;
  Found modem_;
  const firmware::Package& package_;
  const plan::ProvenPlan& plan_;
  const DryRunOptions& options_;
  Events& events_;
  std::stop_token stop_;
  Buffer programmer_;
  std::unique_ptr<usb::Pipe> pipe_;
  std::optional<FirehoseLink> link_;
  protocol::ChipIdentity chip_;
  bool programmer_runs_ = false;
  bool was_reset_ = false;
  bool disobeyed_ = false;  ///< it wrote
  SectorRange probe_;
  std::string during_;
  DryRunReport report_;
};

}  // namespace

Result<DryRunReport> dry_run(usb::Bus& bus, Admission admission, const plan::ProvenPlan& plan,
                             const DryRunOptions& options, Events& events, std::stop_token stop) {
  if (plan.plan().method != plan::Method::firehose) {
    return fail(Code::refused)
        .rule("method")
        .what(
            fmt::format("by {} a modem can't be rehearsed on: it writes whatever it is sent", name(plan.plan().method)))
        .hint("rehearse it on a virtual twin: modemedic rehearse PACKAGE; nothing was sent to the modem");
  }
  return DryRun(bus, std::move(admission), plan, options, events, std::move(stop)).run();
}

}  // namespace modemedic::operation
