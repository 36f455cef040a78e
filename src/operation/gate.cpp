#include "operation/gate.h"

#include "knowledge/models.h"
#include "operation/efs_backup.h"
#include "operation/recall.h"
#include "plan/chip_table.h"
#include "plan/objections.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using knowledge::Answer;
using knowledge::Fault;
using knowledge::Judgement;
using knowledge::ModemFacts;
using knowledge::Spoken;
using knowledge::State;

namespace {

constexpr Duration identify_patience = 30s;
constexpr auto nothing_sent = "nothing was sent to the modem";
constexpr auto nothing_written = "nothing was written";

/// A modem that runs but does not answer is as unknown as one in EDL.
Result<std::optional<Identity>> ask_identity(usb::Bus& bus, const Found& modem, Events& events) {
  auto identity = identify(bus, modem.device, Deadline::in(bus.clock(), identify_patience), events);
  if (identity) {
    return std::optional(std::move(*identity));
  }
  auto silent = identity.error().code == Code::timeout || identity.error().code == Code::no_modem;
  return silent ? Result<std::optional<Identity>>(std::nullopt) : fail(std::move(identity.error()));
}

/// What a modem said of its revision, as far as it is to be believed.
void take_revision(const Identity& identity, ModemFacts& facts) {
  facts.revision = firmware::parse_revision(identity.revision);
  if (facts.revision && !identity.revision_ready) {
    facts.revision->sub_version.clear();  // what stands there is a placeholder
  }
  if (identity.revision.empty()) {
    facts.silence = "the modem did not tell its revision";
  } else if (!facts.revision) {
    facts.silence =
        fmt::format("the modem's revision {} is no name this tool understands", printable(identity.revision));
  }
}

ModemFacts facts_of(const Found& modem, const std::optional<Identity>& identity) {
  ModemFacts facts;
  const auto& fingerprint = modem.device.fingerprint;
  const auto* model = knowledge::find_model(fingerprint.vid, fingerprint.pid);
  facts.foreign_maker = model != nullptr ? model->maker : "";
  facts.chip = modem.sighting.family;
  facts.silence = modem.sighting.state == State::running
                      ? "the modem runs, but does not answer who it is"
                      : fmt::format("the modem can't be asked which one it is: in {} no revision can be read",
                                    modem.sighting.state == State::edl ? "EDL" : knowledge::name(modem.sighting.state));
  if (identity) {
    take_revision(*identity, facts);
    facts.fused = identity->fused;
    facts.take_boot_rom(identity->chip.hwid, hex_digits(identity->chip.pk_hash));
  }
  return facts;
}

/// From where a flash by this method begins.
bool begins_at(const Found& modem, plan::Method method) {
  auto state = modem.sighting.state;
  switch (method) {
    case plan::Method::firehose:
      return state == State::running || takes_programmer(state);
    case plan::Method::fastboot:
      return state == State::running || state == State::fastboot;
    case plan::Method::download:
      return state == State::running || state == State::download;
  }
  return false;
}

std::vector<Fault> faults_of(const Found& modem, plan::Method method) {
  auto state = modem.sighting.state;
  if (begins_at(modem, method)) {
    if (method == plan::Method::download && modem.sighting.family != "9x07") {
      return {{"efs",
               "the streaming loader erases the whole chip, IMEI and calibration included, when the modem's partition "
               "table is not just the package's, and nobody can ask it which one it is; what is saved of an EC20 is a "
               "copy of its files and NV items, which a service tool may make use of and modemedic can't write back"}};
    }
    return {};
  }
  if (state == State::download || state == State::fastboot) {
    return {{"mode", fmt::format("the modem is in {}, from where no flash by {} begins; {}", knowledge::name(state),
                                 plan::name(method), modem.sighting.next)}};
  }
  return {{"mode", fmt::format("the modem neither runs nor takes a programmer: {}; {}", modem.sighting.because,
                               modem.sighting.next)}};
}

/// "--override baseline --override ocpu": what would lift all that can be lifted and was not.
std::string overrides_for(const std::vector<const Spoken*>& held) {
  std::set<std::string> words;
  for (const auto* spoken : held) {
    words.insert("--override " + spoken->rule->id);
  }
  return fmt::format("{}", fmt::join(words, " "));
}

/// @param state  what has been done to the modem so far; empty: others say that
/// @param is_made_here  a backup is made as soon as a rule that needs one is lifted
std::string what_to_do(const std::vector<const Spoken*>& held, const Judgement& judgement, std::string_view state,
                       bool is_made_here) {
  std::string hint;
  if (!judgement.allowed.empty()) {
    hint = fmt::format("what it may take, from {}: {}; ", printable(judgement.from), judgement.allowed);
  }
  if (std::ranges::all_of(held, &Spoken::can_be_lifted)) {
    hint += fmt::format("if you know that this firmware is this very module's, lift what stops it with {}",
                        overrides_for(held));
  } else {
    const auto* stubborn = *std::ranges::find_if_not(held, &Spoken::can_be_lifted);
    const auto& needs = stubborn->answer == Answer::refuse ? std::string() : stubborn->rule->needs;
    if (needs.empty()) {
      hint += "nothing lifts this rule";
    } else if (is_made_here) {
      hint += fmt::format("nothing lifts this rule without a {}, which --override {} has made and verified first",
                          needs, stubborn->rule->id);
    } else {
      hint += fmt::format("nothing lifts this rule without a {}: --override {} --{} FILE", needs, stubborn->rule->id,
                          needs);
    }
  }
  return state.empty() ? hint : fmt::format("{}; {}", hint, state);
}

/// An override is a slip of the pen when no rule has that name.
Result<void> check_overrides(const knowledge::Rules& rules, const GateOptions& options, const Judgement& judgement) {
  std::set<std::string> spoke;
  for (const auto& spoken : judgement.spoken) {
    if (spoken.holds_up()) {
      spoke.insert(fmt::format("{} ({})", spoken.rule->id, name(spoken.answer)));
    }
  }
  for (const auto& wanted : options.overrides) {
    if (knowledge::find_rule(rules, wanted) == nullptr) {
      return fail(Code::usage)
          .what(fmt::format("--override {}: there is no such rule", printable(wanted)))
          .hint(spoke.empty() ? fmt::format("no rule holds this flash up; {}", nothing_sent)
                              : fmt::format("the rules that hold it up: {}; {}", fmt::join(spoke, ", "), nothing_sent));
    }
  }
  return {};
}

/// Gives a rule that the person lifts what it needs for that: a backup made now, else the one at hand.
/// @return whether it is lifted; what kept the backup from being made
Result<bool> lift(const Spoken& spoken, const GateOptions& options, const BackUp& back_up) {
  if (!spoken.holds_up() || spoken.answer == Answer::refuse || !options.overrides.contains(spoken.rule->id)) {
    return false;
  }
  if (spoken.rule->needs == "backup" && back_up) {
    auto made = back_up();
    auto enough = made || (options.backup_at_hand && made.error().code == Code::refused);
    return enough ? Result<bool>(true) : fail(std::move(made.error()));
  }
  return options.backup_at_hand || options.saves_files ? spoken.can_be_lifted_with("backup") : spoken.can_be_lifted();
}

Result<std::set<std::string>> let_pass(const Judgement& judgement, const GateOptions& options, Events& events,
                                       std::string_view state, const BackUp& back_up = {}) {
  const auto& rules = knowledge::rules();
  TRY(rules);
  std::set<std::string> lifted;
  std::vector<const Spoken*> held;
  for (const auto& spoken : judgement.spoken) {
    auto lifts = lift(spoken, options, back_up);
    events.emit(told(spoken, judgement, lifts.value_or(false)));
    TRY(lifts);
    if (*lifts) {
      lifted.insert(spoken.rule->id);
    } else if (spoken.holds_up()) {
      held.push_back(&spoken);
    }
  }
  TRY(check_overrides(*rules, options, judgement));
  if (held.empty()) {
    return lifted;
  }
  return fail(Code::refused)
      .rule(held.front()->rule->id)
      .what(fmt::format("{}: {}", held.front()->what, held.front()->rule->because))
      .hint(what_to_do(held, judgement, state, back_up != nullptr || options.saves_files));
}

/// A failure that says nothing else is told to have left everything as it was.
Failure only_asked(Error error) {
  if (error.hint.empty()) {
    error.hint = "the modem was only asked who it is: see that it has power and a good cable, and try again";
  }
  return fail(std::move(error));
}

}  // namespace

Result<Examination> look_at(usb::Bus& bus, const Found& modem, ModemRecords* records, Events& events,
                            plan::Method method) {
  Examination examination;
  if (modem.sighting.state == State::running) {
    events.emit(event::Step{"identify", "ask the modem who it is", 0, 0, {}});
    TRY_ASSIGN(examination.identity, ask_identity(bus, modem, events));
    examination.told = examination.identity.has_value();
  } else if (takes_programmer(modem.sighting.state) && records != nullptr) {
    auto recalled = recall(bus, modem, *records, events);
    examination.identity = std::move(recalled.identity);
    examination.guess = std::move(recalled.guess);
  }
  examination.modem = facts_of(modem, examination.identity);
  // Who can't be asked later is not: by fastboot only whether it is fused, which is all that is open of a 9x15.
  examination.modem.chip_asked =
      method == plan::Method::download || (method == plan::Method::fastboot && modem.sighting.family != "9x15");
  examination.faults = faults_of(modem, method);
  return examination;
}

/// What only modem, package and way together show.
std::vector<Fault> faults_together(const Found& modem, const Examination& examination, const firmware::Package& package,
                                   plan::Method method) {
  if (package.kind == firmware::PackageKind::streaming && modem.sighting.family != "9x15") {
    return {{"mode",
             "the package is for an EC20 (9x15), and the modem doesn't show that it is one: in fastboot its serial "
             "would be MDM9615"}};
  }
  // On a way that doesn't ask the chip for its table only the same firmware vouches for it.
  auto same = examination.told && package.revision && examination.identity->revision == package.revision->text;
  if (method == plan::Method::fastboot && package.kind == firmware::PackageKind::firehose && !same) {
    return {{"unknown",
             "by fastboot nobody can ask whether the modem's partition table is the package's; only going by the same "
             "revision leaves no doubt"}};
  }
  return {};
}

Result<Examination> examine(usb::Bus& bus, const Found& modem, const firmware::Package& package, ModemRecords* records,
                            Events& events, plan::Method method) {
  TRY_ASSIGN(auto examination, look_at(bus, modem, records, events, method));
  examination.package = knowledge::facts_of(package);
  TRY_ASSIGN(auto of_package, plan::objections(package));
  examination.faults.insert(examination.faults.end(), of_package.begin(), of_package.end());
  auto together = faults_together(modem, examination, package, method);
  examination.faults.insert(examination.faults.end(), together.begin(), together.end());
  const auto& rules = knowledge::rules();
  TRY(rules);
  examination.judgement = knowledge::judge(*rules, examination.modem, examination.package, examination.faults);
  return examination;
}

Result<Judgement> judge_package(const ModemFacts& modem, const firmware::Package& package, std::vector<Fault> faults) {
  const auto& rules = knowledge::rules();
  TRY(rules);
  TRY_ASSIGN(auto of_package, plan::objections(package));
  faults.insert(faults.end(), of_package.begin(), of_package.end());
  return knowledge::judge(*rules, modem, knowledge::facts_of(package), faults);
}

Result<Judgement> judge_alone(const firmware::Package& package) {
  TRY_ASSIGN(auto judgement, judge_package({}, package));
  std::erase_if(judgement.spoken, [](const Spoken& spoken) { return spoken.answer < Answer::stop; });
  return judgement;
}

event::Rule told(const Spoken& spoken, const Judgement& judgement, bool lifted) {
  const auto& rule = *spoken.rule;
  return {rule.id,         std::string(name(spoken.answer)),
          spoken.what,     lifted,
          rule.because,    judgement.allowed,
          rule.evidence,   rule.source,
          spoken.undecided};
}

Result<std::set<std::string>> pass(const Judgement& judgement, const GateOptions& options, Events& events,
                                   const BackUp& back_up) {
  return let_pass(judgement, options, events, back_up ? nothing_written : nothing_sent, back_up);
}

Result<std::set<std::string>> Admission::confirm(const ChipAnswers& chip, const plan::ProvenPlan& plan,
                                                 Events& events) {
  auto& modem = examination_.modem;
  modem.take_boot_rom(chip.identity.hwid, hex_digits(chip.identity.pk_hash));
  modem.geometry = chip.storage.geometry;
  modem.table = chip.table.table;
  modem.table_silence = chip.table.why;
  modem.chip_asked = true;
  if (modem.table) {
    auto faults = plan::look_at_chip_table(plan, *package_, *modem.table);
    examination_.faults.insert(examination_.faults.end(), faults.begin(), faults.end());
  } else if (told()) {
    // It has just run from that table. In EDL a lost one is no wonder, and the flash brings it back.
    examination_.faults.push_back({"unknown", chip.table.why});
  }
  return judge_again(events, chip.back_up);
}

Result<std::set<std::string>> Admission::confirm(std::optional<bool> fused, Events& events) {
  auto& modem = examination_.modem;
  modem.fused = modem.fused ? modem.fused : fused;
  modem.chip_asked = true;
  return judge_again(events, {});
}

Result<std::set<std::string>> Admission::judge_again(Events& events, const BackUp& back_up) {
  const auto& rules = knowledge::rules();
  TRY(rules);
  auto judgement = knowledge::judge(*rules, examination_.modem, examination_.package, examination_.faults);
  auto known = [&](const Spoken& spoken) {
    const auto& before = examination_.judgement.spoken;
    return std::ranges::find(before, spoken) != before.end();
  };
  auto now = judgement;
  std::erase_if(now.spoken, known);  // was told, and lifted where it had to be
  TRY_ASSIGN(auto lifted, let_pass(now, options_, events, {}, back_up));
  examination_.judgement = std::move(judgement);
  return lifted;
}

Result<Admission> admit(usb::Bus& bus, const Found& modem, const firmware::Package& package, const GateOptions& options,
                        Events& events) {
  Admission admission(modem, package, options);
  admission.options_.saves_files =
      options.saves_files && options.method != plan::Method::firehose && interface_for_files(modem).has_value();
  TRY_ASSIGN(admission.reservation_, bus.reserve(modem.device, usb::Purpose::job, events));
  auto examination = examine(bus, modem, package, options.records, events, options.method);
  if (!examination) {
    return only_asked(std::move(examination.error()));
  }
  admission.examination_ = std::move(*examination);
  auto passed = pass(admission.examination_.judgement, admission.options_, events);
  if (!passed) {
    const auto& guess = admission.examination_.guess;
    passed.error().hint += guess.empty() ? "" : ". " + guess;
    return fail(std::move(passed.error()));
  }
  admission.lifted_ = std::move(*passed);
  return admission;
}

}  // namespace modemedic::operation
