#include "operation/fastboot_verbs.h"

#include "firmware/boot_image.h"
#include "firmware/partition_role.h"
#include "firmware/yaffs2.h"
#include "knowledge/rules.h"
#include "operation/run_fastboot.h"
#include "plan/streaming_plan.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using firmware::Role;
using knowledge::Fault;
using Kind = FastbootVerb::Kind;

namespace {

constexpr Duration patience = 5s;
constexpr Duration erase_patience = 60s;

/// The rest of the table is left to Firehose: SBL, MIBIB, TZ, RPM, and what is the module's own.
constexpr std::array<std::string_view, 6> of_9x07{"system", "recoveryfs", "modem", "boot", "recovery", "usr_data"};

bool may_write(const Found& modem, const std::string& name) {
  if (modem.sighting.family != "9x15") {
    return std::ranges::find(of_9x07, name) != of_9x07.end();
  }
  return plan::fastboot_may_write(name);
}

/// The boot loader looks at boot and recovery only; the rest it writes as it comes.
std::string image_problem(const Found& modem, const FastbootVerb& verb) {
  auto bytes = ByteView(verb.image);
  if (bytes.empty()) {
    return "the image is empty: the boot loader would erase the partition and say OKAY";
  }
  if (verb.name == "boot" || verb.name == "recovery") {
    auto whole = firmware::check_boot_image(bytes);
    return whole ? "" : whole.error().what;
  }
  auto file_system = verb.name == "system" || verb.name == "recoveryfs";
  if (modem.sighting.family == "9x15") {
    constexpr firmware::Yaffs2Shape pages;
    return (file_system || verb.name == "userdata") && bytes.size() % pages.stride() != 0
               ? fmt::format("{} bytes are no whole pages with their spare areas: no YAFFS2 image", bytes.size())
               : "";
  }
  if ((file_system || verb.name == "modem") && !as_text(bytes).starts_with("UBI#")) {
    return "without UBI# at its start the boot loader takes it for pages with spare areas, and writes it shifted";
  }
  return as_text(bytes).starts_with("UBI#") && bytes.size() % 2048 != 0
             ? fmt::format("{} bytes of UBI are no whole number of pages", bytes.size())
             : "";
}

std::vector<Fault> faults_of(const Found& modem, const FastbootVerb& verb) {
  std::vector<Fault> faults;
  if (verb.kind == Kind::go_on) {
    faults.push_back({"unknown",
                      "nobody can read what is in boot: with an invalid image there, `continue` leaves the "
                      "modem silent until its power is taken; `reboot` does not"});
    return faults;
  }
  auto role = firmware::role_of(verb.name);
  if (role == Role::calibrated) {
    faults.push_back({"erase-all", fmt::format("{} holds the IMEI and calibration of this one module", verb.name)});
  } else if (!may_write(modem, verb.name)) {
    faults.push_back(
        {"partition", fmt::format("{} is no partition that may be written by fastboot", printable(verb.name))});
  }
  if (auto problem = verb.kind == Kind::flash ? image_problem(modem, verb) : ""; !problem.empty()) {
    faults.push_back({"partition", fmt::format("{}: {}", printable(verb.name), problem)});
  }
  faults.push_back({"unknown",
                    "a boot loader in fastboot does not tell which modem it is, nor a single image what it "
                    "is for"});
  return faults;
}

/// The words that the rules find for it, and nothing else: what is missing of a package is said in one of them.
Result<void> admit_verb(const Found& modem, const FastbootVerb& verb, const GateOptions& gate, Events& events) {
  const auto& rules = knowledge::rules();
  TRY(rules);
  auto faults = faults_of(modem, verb);
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
    case Kind::erase:
      return "erase:" + verb.name;
    case Kind::go_on:
      return "continue";
    case Kind::flash:
      return "flash:" + verb.name;
    case Kind::reboot:
      break;
  }
  return "reboot";
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
  if (verb.kind != Kind::getvar && verb.kind != Kind::reboot) {
    TRY(admit_verb(modem, verb, gate, events));
  }
  TRY_ASSIGN(auto pipe, open_fastboot(bus, modem.device));
  if (verb.kind == Kind::flash) {
    TRY(flash_by_fastboot(*pipe, bus.clock(), verb.image, verb.name, tell, stop));
    return protocol::FastbootReply{true, {}, {}};
  }
  TRY_ASSIGN(auto reply,
             run_fastboot(*pipe, bus.clock(), command_of(verb), verb.kind == Kind::erase ? erase_patience : patience));
  if (!reply.okay) {
    return fail(Code::device_refused)
        .what(fmt::format("the boot loader refused {}: \"{}\"", command_of(verb), printable(reply.text)))
        .hint("it stays in fastboot: modemedic mode normal starts it");
  }
  return reply;
}

}  // namespace modemedic::operation
