#include "operation/fastboot_verbs.h"

#include "knowledge/rules.h"
#include "operation/run_fastboot.h"
#include "plan/fastboot_step.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using knowledge::Fault;
using Kind = FastbootVerb::Kind;

namespace {

constexpr Duration patience = 5s;

bool changes_flash(const FastbootVerb& verb) {
  return verb.kind == Kind::flash || verb.kind == Kind::erase;
}

Result<plan::ProvenFastbootStep> prove(const Found& modem, const FastbootVerb& verb) {
  using Step = plan::ProvenFastbootStep;
  return plan::prove_fastboot_step(verb.kind == Kind::flash ? Step::Kind::flash : Step::Kind::erase,
                                   modem.sighting.family, verb.name, verb.image);
}

std::vector<Fault> faults_of(const FastbootVerb& verb, const Error* unproven) {
  if (verb.kind == Kind::go_on) {
    return {{"unknown",
             "nobody can read what is in boot: with an invalid image there, `continue` leaves the modem silent until "
             "its power is taken; `reboot` does not"}};
  }
  std::vector<Fault> faults;
  if (unproven != nullptr) {
    faults.push_back({unproven->rule, unproven->what});
  }
  faults.push_back({"unknown",
                    "a boot loader in fastboot does not tell which modem it is, nor a single image what it "
                    "is for"});
  return faults;
}

/// The words that the rules find for it, and nothing else: what is missing of a package is said in one of them.
Result<void> admit_verb(const FastbootVerb& verb, const Error* unproven, const GateOptions& gate, Events& events) {
  const auto& rules = knowledge::rules();
  TRY(rules);
  auto faults = faults_of(verb, unproven);
  auto judgement = knowledge::judge(*rules, {}, {}, faults);
  std::erase_if(judgement.spoken, [&](const knowledge::Spoken& spoken) {
    return std::ranges::none_of(faults, [&](const Fault& fault) { return fault.what == spoken.what; });
  });
  TRY(pass(judgement, gate, events));
  return {};
}

std::string command_of(const FastbootVerb& verb) {
  switch (verb.kind) {
    case Kind::getvar:
      return "getvar:" + verb.name;
    case Kind::go_on:
      return "continue";
    case Kind::flash:
      return "flash:" + verb.name;
    case Kind::erase:
      return "erase:" + verb.name;
    case Kind::reboot:
      break;
  }
  return "reboot";
}

Result<void> change(usb::Pipe& pipe, const Clock& clock, const plan::ProvenFastbootStep& step,
                    const std::function<void(std::uint64_t)>& tell, const std::stop_token& stop) {
  return step.kind() == plan::ProvenFastbootStep::Kind::flash ? flash_by_fastboot(pipe, clock, step, tell, stop)
                                                              : erase_by_fastboot(pipe, clock, step.partition());
}

}  // namespace

Result<protocol::FastbootReply> run_verb(usb::Bus& bus, const Found& modem, const FastbootVerb& verb,
                                         const GateOptions& gate, Events& events,
                                         const std::function<void(std::uint64_t)>& tell, const std::stop_token& stop) {
  if (modem.sighting.state != knowledge::State::fastboot) {
    return fail(Code::refused)
        .rule("mode")
        .what(fmt::format("the modem is not in fastboot but {}", knowledge::name(modem.sighting.state)))
        .hint("modemedic mode fastboot brings it there; nothing was sent");
  }
  if (command_of(verb).size() > 64 || std::ranges::any_of(verb.name, [](char c) { return c <= ' ' || c > '~'; })) {
    return fail(Code::usage).what(fmt::format("{} is no name", printable(verb.name))).hint("nothing was sent");
  }
  auto purpose = verb.kind == Kind::getvar ? usb::Purpose::question : usb::Purpose::job;
  TRY_ASSIGN(auto reservation, bus.reserve(modem.device, purpose, events));
  auto step = changes_flash(verb) ? std::optional(prove(modem, verb)) : std::nullopt;
  if (verb.kind != Kind::getvar && verb.kind != Kind::reboot) {
    TRY(admit_verb(verb, step && !*step ? &step->error() : nullptr, gate, events));
  }
  TRY_ASSIGN(auto pipe, open_fastboot(bus, modem.device));
  if (step) {
    TRY(*step);  // its rules let nobody pass; should they ever
    TRY(change(*pipe, bus.clock(), **step, tell, stop));
    return protocol::FastbootReply{true, {}, {}};
  }
  TRY_ASSIGN(auto reply, run_fastboot(*pipe, bus.clock(), command_of(verb), patience));
  if (!reply.okay) {
    return fail(Code::device_refused)
        .what(fmt::format("the boot loader refused {}: \"{}\"", command_of(verb), printable(reply.text)))
        .hint("it stays in fastboot: modemedic mode normal starts it");
  }
  return reply;
}

}  // namespace modemedic::operation
