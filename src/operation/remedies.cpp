#include "operation/remedies.h"

#include "firmware/revision.h"
#include "operation/emit_log.h"
#include "operation/mode_ways.h"
#include "operation/modem_records.h"

#include <utility>

#include <fmt/format.h>

namespace modemedic::operation {

using knowledge::State;

namespace {

bool was_lost_by_reset(const Diagnosis& known, ModemRecords* records) {
  auto before = records == nullptr ? std::nullopt : records->known_before(known.modem.device, known.asked.identity);
  if (!before || before->record.jobs.empty()) {
    return false;
  }
  const auto& last = before->record.jobs.back();
  return last.command == "mode normal" && last.result == name(Code::modem_lost);
}

/// From EDL a reset may be of no use, or of harm: what kept the modem out of the dark may be the boot pin, or another
/// program's flash may be half done.
bool may_be_reset(const Diagnosis& known, const Cure* cure, ModemRecords* records, Events& events) {
  auto state = known.modem.sighting.state;
  if (state == State::fastboot && known.job != nullptr) {
    emit_info(events, fmt::format("the job of {} on this port was cut: a reboot would start what it has left, or lead "
                                  "back here. modemedic mode normal does it all the same",
                                  printable(known.job->time)));
    return false;
  }
  if (state != State::edl) {
    return true;
  }
  if (known.chip && known.chip->sbl_blank) {
    emit_info(events, "SBL is blank: a reset leads back into EDL, where the chip tells who it is");
    return true;
  }
  auto programmer_runs = known.asked.by == "Firehose";
  if (programmer_runs && known.past && was_cut_before_erasing(*known.past, known.modem.device.port)) {
    emit_info(events, "the last job on this port was cut before it erased anything: a reset is safe");
    return true;
  }
  if (programmer_runs && known.job == nullptr) {
    emit_info(events,
              "a programmer of another program runs: what that has written may be half done, and then a reset "
              "would leave a modem that shows nothing at all; it is not reset");
    return false;
  }
  if (known.certain) {
    emit_info(events,
              fmt::format("the job of {} was cut: without SBL a reset leads back here", printable(known.job->time)));
    return false;
  }
  if (cure != nullptr && was_lost_by_reset(known, records)) {
    emit_info(events, "the last reset was not survived: it is not tried again");
    return false;
  }
  return true;
}

}  // namespace

std::vector<Remedy> remedies_for(const Diagnosis& known, const RescueOptions& options, const Cure* cure,
                                 Events& events) {
  std::vector<Remedy> list;
  auto state = known.modem.sighting.state;
  auto add = [&](Remedy::Kind kind, std::string what) { list.push_back({kind, state, std::move(what)}); };
  if (options.gentle) {
    const auto* way = find_way(state, Target::normal);
    if (known.restarts) {
      add(Remedy::Kind::watch, "wait whether it stays");
    } else if (state == State::running && knowledge::diag_interface(known.modem.device.fingerprint)) {
      add(Remedy::Kind::restart, "restart it by DIAG");
    } else if (way != nullptr && may_be_reset(known, cure, options.gate.records, events)) {
      add(Remedy::Kind::to_normal, fmt::format("bring it back by {}: nothing is written", way->how));
    }
  }
  if (cure != nullptr && can_be_flashed(known.modem)) {
    add(Remedy::Kind::flash, (known.certain ? "go on with the flash of " : "flash ") + cure->package->path);
  }
  return list;
}

bool can_be_flashed(const Found& modem) {
  auto state = modem.sighting.state;
  return state == State::running || knowledge::takes_programmer(state) || modem.sighting.family == "9x15";
}

std::string who_it_is(const Diagnosis& known, ModemRecords* records) {
  std::string text;
  auto before = records == nullptr ? std::nullopt : records->known_before(known.modem.device, known.asked.identity);
  auto revision = known.asked.identity.revision;
  if (revision.empty() && before && before->certain) {
    revision = before->record.revision;
  }
  if (revision.empty() && known.certain) {
    revision = known.job->revision;
  }
  if (auto parsed = firmware::parse_revision(revision)) {
    text = fmt::format("The package must be one for {} (it ran {}). ", parsed->order_code, printable(revision));
  } else if (revision.empty() && before && !before->record.revision.empty()) {
    text = fmt::format("On this port a modem with {} was seen last; another may sit there now. ",
                       printable(before->record.revision));
  }
  if (known.job != nullptr) {
    text += fmt::format("{} of {} was of package {}",
                        known.certain ? "The job" : "A job on this port, perhaps of this modem,",
                        printable(known.job->time), printable(known.job->package));
  }
  return text;
}

}  // namespace modemedic::operation
