#include "operation/consult.h"

#include "base/bytes.h"
#include "base/shell.h"
#include "knowledge/chips.h"
#include "knowledge/state.h"
#include "operation/follow_port.h"
#include "operation/journal.h"
#include "operation/known_backups.h"
#include "operation/past_jobs.h"
#include "operation/run_sahara.h"
#include "operation/upload.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using knowledge::State;

namespace {

/// So often a modem comes within minutes only when something makes it start again and again; a flash takes three.
constexpr unsigned connects_of_a_loop = 7;
constexpr std::size_t most_journals = 200;
constexpr std::ptrdiff_t regions_shown = 24;

/// What a modem's SIM says, as a fact's word: 10 is "SIM not inserted" (3GPP TS 27.007).
std::string sim_word(const std::string& sim) {
  if (sim == "READY") {
    return "ready";
  }
  if (sim.find("CME ERROR: 10") != std::string::npos) {
    return "missing";
  }
  return sim.find("ERROR") == std::string::npos ? "locked" : "failing";
}

/// Counts how often a modem comes while it is watched.
class Watch {
public:
  Watch(usb::Bus& bus, Deadline deadline, const std::stop_token& stop) : bus_(bus), deadline_(deadline), stop_(stop) {}

  /// Until something of ours is in sight.
  Result<std::vector<Found>> for_any() {
    for (;;) {
      TRY_ASSIGN(auto modems, find_modems(bus_, Foreign::named));
      if (!modems.empty() || !wait()) {
        return modems;
      }
    }
  }

  /// How often the modem came anew: at most three times are waited for. One that stays is not waited for.
  /// @param patience  how long it may stay before it is believed to stay
  Result<unsigned> for_returns(const usb::DeviceInfo& device, Duration patience) {
    unsigned returns = 0;
    auto last = device;
    auto stays = Deadline::in(bus_.clock(), patience);
    while (returns < 3 && !stays.passed(bus_.clock())) {
      TRY_ASSIGN(auto now, device_after(bus_, last));
      if (now && !usb::same_device(*now, last)) {
        ++returns;
        last = *now;
        stays = Deadline::in(bus_.clock(), patience);
      }
      TRY_ASSIGN(auto changed, bus_.wait_change({std::min(deadline_.at, stays.at)}));
      if ((!changed && deadline_.passed(bus_.clock())) || stop_.stop_requested()) {
        break;
      }
    }
    return returns;
  }

private:
  /// @return false when the time is over
  bool wait() {
    auto changed = bus_.wait_change(deadline_);
    return changed && *changed && !stop_.stop_requested();
  }

  usb::Bus& bus_;
  Deadline deadline_;
  const std::stop_token& stop_;
};

/// One modem, question by question.
class Consultant {
public:
  Consultant(usb::Bus& bus, const ConsultOptions& options, Events& events, const std::stop_token& stop)
      : bus_(bus), options_(options), events_(events), stop_(stop) {}

  Consultation of_nothing() {
    fact("state", "none");
    auto errors = std::ranges::any_of(options_.kernel, [](const auto& port) { return port.second.errors > 0; });
    fact("bus", errors ? "errors" : "quiet");
    for (const auto& [port, history] : options_.kernel) {
      if (history.errors > 0 || history.connects > 0) {
        say(fmt::format("kernel log: in the last ten minutes port {} had {} connects and {} errors", port,
                        history.connects, history.errors));
      }
    }
    return conclude();
  }

  Consultation of(const Found& modem) {
    consultation_.found = modem;
    const auto& [device, sighting] = modem;
    fact("state", std::string(knowledge::name(sighting.state)));
    fact("speed", device.fingerprint.speed == usb::Speed::full ? "full" : "high");
    word("port", device.port);
    word("model", sighting.model);
    word("usb", describe(device.fingerprint));
    word("because", sighting.because);
    auto interfaces = device.fingerprint.interfaces.size();
    say(fmt::format("USB: port {} shows {}, {} interface{}, bcd {:x}.{:02x}", device.port, describe(device.fingerprint),
                    interfaces, interfaces == 1 ? "" : "s", device.fingerprint.bcd_device >> 8U,
                    device.fingerprint.bcd_device & 0xFFU));
    say(sighting.because);
    if (sighting.state != State::not_ours) {
      ask();
      look_at_history();
      look_for_a_backup();
      look_for_a_loop();
    }
    return conclude();
  }

private:
  void ask() {
    const auto& modem = *consultation_.found;
    consultation_.asked = ask_modem(bus_, modem, Deadline::in(bus_.clock(), options_.patience), events_);
    const auto& asked = consultation_.asked;
    fact("answer", asked.proven() ? asked.by : "none");
    fact("obstacle", "none");
    if (asked.silence) {
      take_silence(*asked.silence);
    }
    if (modem.sighting.state == State::running) {
      take_ports(asked);
    }
    if (asked.by == "AT") {
      take_answers(asked.identity);
    } else if (asked.proven()) {
      say(fmt::format("{} answers{}", asked.by,
                      asked.identity.revision.empty() ? "" : ": " + printable(asked.identity.revision)));
    }
    if (asked.identity.chip.serial) {
      say(fmt::format("its chip's serial is {:08x}", *asked.identity.chip.serial));
    }
    if (const auto& hwid = asked.identity.chip.hwid) {
      fact("chip", knowledge::find_chip(*hwid) != nullptr ? "known" : "unknown");
      word("hwid", fmt::format("{:016x}", *hwid));
      say(fmt::format("its HWID is {:016x}", *hwid));
    }
    fact("crashed", asked.crashed ? "yes" : "no");
    word("memory", "nothing");
    if (asked.crashed) {
      look_at_memory();
    }
  }

  /// What a crash left to be read.
  void look_at_memory() {
    auto regions = crash_memory();
    if (!regions) {
      say("it offers its memory, but not what there is: " + printable(regions.error().what, 200));
      return;
    }
    std::uint64_t size = 0;
    for (const auto& region : *regions) {
      size += region.length;
      if (&region - regions->data() < regions_shown) {
        say(fmt::format("memory: {:#010x}, {} bytes, {} ({})", region.address, region.length,
                        printable(region.description), printable(region.file)));
      }
    }
    word("memory", fmt::format("{} regions, {} bytes", regions->size(), size));
    if (std::ssize(*regions) > regions_shown) {
      say(fmt::format("memory: … {} regions in all, {} bytes", regions->size(), size));
    }
  }

  Result<std::vector<protocol::MemoryRegion>> crash_memory() {
    const auto& device = consultation_.found->device;
    TRY_ASSIGN(auto reservation, bus_.reserve(device, usb::Purpose::question, events_));
    TRY_ASSIGN(auto pipe, open_edl(bus_, device));
    return ask_memory(*pipe, bus_.clock(), Deadline::in(bus_.clock(), options_.patience));
  }

  void take_silence(const Error& error) {
    say(printable(error.what, 300));
    word("obstacle", printable(error.what, 300));
    word("holder", printable(error.what, 300));
    word("permission", error.hint);
    if (error.code == Code::permission) {
      fact("obstacle", "permission");
    } else if (error.code == Code::busy) {
      fact("obstacle", "busy");
    } else if (error.code == Code::modem_lost) {
      fact("obstacle", "gone");
    }
  }

  void take_ports(const Asked& asked) {
    const auto& shown = consultation_.found->device.fingerprint;
    fact("at", asked.by == "AT" ? "answers" : knowledge::at_interface(shown) ? "silent" : "missing");
    if (asked.by != "AT") {  // it was not asked when AT had answered
      fact("diag", asked.by == "DIAG" ? "answers" : knowledge::diag_interface(shown) ? "silent" : "missing");
    }
  }

  void take_answers(const Identity& identity) {
    word("model", printable(identity.model));
    word("revision", printable(identity.revision));
    word("cfun", printable(identity.cfun));
    word("sim", printable(identity.sim));
    fact("revision", identity.revision.empty() ? "untold" : identity.revision_ready ? "told" : "not-ready");
    fact("imei", identity.imei.empty() ? "untold" : "told");
    if (!identity.cfun.empty()) {
      const auto& known = knowledge::fact_words().at("cfun");
      auto listed = std::ranges::find(known, identity.cfun) != known.end();
      fact("cfun", listed ? identity.cfun : "other");
    }
    if (!identity.sim.empty()) {
      fact("sim", sim_word(identity.sim));
    }
    auto or_nothing = [](const std::string& text) { return text.empty() ? "no answer" : printable(text); };
    say(fmt::format("AT answers: model {}, revision {}, IMEI {}, CFUN {}, SIM {}", or_nothing(identity.model),
                    or_nothing(identity.revision), or_nothing(identity.imei), or_nothing(identity.cfun),
                    or_nothing(identity.sim)));
  }

  void look_at_history() {
    const auto& device = consultation_.found->device;
    if (options_.records != nullptr) {
      consultation_.known = options_.records->known_before(device, consultation_.asked.identity);
      look_at_record(consultation_.known);
    }
    fact("job", "none");
    word("package", "PACKAGE");
    if (options_.journals == nullptr || consultation_.found->sighting.state == State::running) {
      return;
    }
    auto jobs = read_past_jobs(*options_.journals, most_journals, events_);
    const auto& chip = consultation_.asked.identity.chip;
    auto serial = serial_text(chip);
    auto job = std::ranges::find_if(jobs, [&](const PastJob& past) {
      return serial.empty() ? past.port == device.port : past.chip_serial == serial;
    });
    if (job == jobs.end() || job->erased.empty()) {
      return;
    }
    fact("job", !job->result ? "cut" : *job->result == "ok" ? "passed" : "failed");
    word("job", printable(job->time));
    word("package", job->package.empty() ? "PACKAGE" : shell_word(job->package));
    say(fmt::format("journal: the flash of {} at {} {}", printable(job->package), printable(job->time),
                    !job->result           ? "was cut"
                    : *job->result == "ok" ? "ended well"
                                           : "failed"));
  }

  void look_at_record(const std::optional<ModemRecords::Known>& known) {
    fact("fastboot-before", "no");
    if (!known) {
      return;
    }
    const auto& record = known->record;
    if (known->certain && !record.revision.empty() && consultation_.asked.identity.revision.empty()) {
      word("model", printable(record.model));
      say(fmt::format("record: this is the {} that ran {}", printable(record.model), printable(record.revision)));
    }
    auto today = options_.time.substr(0, 10);
    auto earlier = std::ranges::any_of(record.states, [&](const StateSeen& seen) {
      return seen.state == knowledge::name(State::fastboot) && seen.first.substr(0, 10) != today;
    });
    fact("fastboot-before", earlier ? "yes" : "no");
    if (record.states.size() > 1 && record.states.front().first != record.states.back().last) {
      say(fmt::format("record: first seen {} at {}, last {} at {}", printable(record.states.front().state),
                      printable(record.states.front().first), printable(record.states.back().state),
                      printable(record.states.back().last)));
    }
  }

  /// What a modem without its IMEI or calibration can be cured with. It can't say who it is any more: who was last seen
  /// on its port is a hint, and restore asks the chip itself before it writes.
  void look_for_a_backup() {
    fact("backup", "none");
    auto value = [&](const char* name) {
      auto found = consultation_.facts.find(name);
      return found == consultation_.facts.end() ? std::string() : found->second;
    };
    if (!consultation_.known || (value("imei") != "untold" && value("cfun") != "5")) {
      return;
    }
    const auto& record = consultation_.known->record;
    protocol::ChipIdentity chip;
    chip.serial = record.chip_serial;
    auto file = find_backup(options_.backups, {serial_text(chip), record.imei}, stop_);
    if (!file) {
      return;
    }
    fact("backup", "there");
    word("backup", printable(file->string(), 500));
    word("restore",
         fmt::format("modemedic restore {} --package {}", shell_word(file->string()), package_that_was_flashed(chip)));
    say(fmt::format("backup: {} is {}, and is whole", printable(file->string(), 500),
                    consultation_.known->certain ? "of this module" : "of the module that was last seen on this port"));
  }

  /// Its programmer is needed.
  std::string package_that_was_flashed(const protocol::ChipIdentity& chip) {
    if (options_.journals == nullptr) {
      return "PACKAGE";
    }
    auto serial = serial_text(chip);
    for (const auto& job : read_past_jobs(*options_.journals, most_journals, events_)) {
      std::error_code error;
      auto same = serial.empty() ? job.port == consultation_.found->device.port : job.chip_serial == serial;
      if (same && !job.package.empty() && std::filesystem::exists(job.package, error)) {
        return shell_word(job.package);
      }
    }
    return "PACKAGE";
  }

  /// One that answers does not loop, unless the kernel has seen it come all the time.
  void look_for_a_loop() {
    const auto& device = consultation_.found->device;
    unsigned times = 0;
    if (auto history = options_.kernel.find(device.port); history != options_.kernel.end()) {
      times = history->second.connects;
    }
    auto loops = times >= connects_of_a_loop;
    auto state = consultation_.found->sighting.state;
    auto may_loop = state == State::running || state == State::fastboot || state == State::edl;
    auto left_alone = consultation_.facts["obstacle"] == "permission" || consultation_.facts["obstacle"] == "busy";
    if (!loops && may_loop && !consultation_.asked.proven() && !left_alone) {
      say(fmt::format("watching it for up to {} s, because nothing answers",
                      std::chrono::duration_cast<std::chrono::seconds>(options_.watch).count()));
      Watch watch(bus_, Deadline::in(bus_.clock(), 3 * options_.watch), stop_);
      auto returns = watch.for_returns(device, options_.watch);
      times = returns ? *returns : 0;
      loops = times >= 2;
    }
    fact("loop", loops ? "yes" : "no");
    word("times", std::to_string(times));
    if (times > 0) {
      say(fmt::format("it came anew {} times{}", times, loops ? "" : ": that is no loop yet"));
    }
  }

  Consultation conclude() {
    consultation_.diagnosis = knowledge::diagnose(consultation_.facts);
    if (consultation_.found && options_.records != nullptr && consultation_.asked.proven()) {
      const auto& found = *consultation_.found;
      options_.records->saw({found.device, std::string(knowledge::name(found.sighting.state)),
                             consultation_.asked.identity, options_.time});
    }
    return std::move(consultation_);
  }

  void fact(const std::string& name, std::string value) { consultation_.facts[name] = std::move(value); }

  void word(const std::string& name, std::string value) { consultation_.words[name] = std::move(value); }

  void say(std::string line) { consultation_.evidence.push_back(std::move(line)); }

  usb::Bus& bus_;
  const ConsultOptions& options_;
  Events& events_;
  const std::stop_token& stop_;
  Consultation consultation_;
};

}  // namespace

Result<std::vector<Consultation>> consult(usb::Bus& bus, const ConsultOptions& options, Events& events,
                                          const std::stop_token& stop) {
  std::vector<Found> modems;
  if (options.selector.empty()) {
    TRY_ASSIGN(modems, Watch(bus, Deadline::in(bus.clock(), options.watch), stop).for_any());
  } else {
    TRY_ASSIGN(auto chosen, find_modem(bus, options.selector, events, options.records));
    modems.push_back(std::move(chosen));
  }
  std::vector<Consultation> consultations;
  if (modems.empty()) {
    consultations.push_back(Consultant(bus, options, events, stop).of_nothing());
  }
  for (const auto& modem : modems) {
    if (stop.stop_requested()) {
      return fail(Code::interrupted).what("stopped by the person").hint("nothing was changed");
    }
    consultations.push_back(Consultant(bus, options, events, stop).of(modem));
  }
  return consultations;
}

}  // namespace modemedic::operation
