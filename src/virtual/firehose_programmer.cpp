#include "virtual/firehose_programmer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr Duration start_time = std::chrono::seconds(1);
constexpr std::uint64_t longest_delay = 24ULL * 60 * 60;  // seconds

constexpr std::string_view functions =
    "Supported Functions: program configure power benchmark read getstorageinfo erase nop ";

constexpr std::array<std::string_view, 15> later_functions = {"program",
                                                              "read",
                                                              "nop",
                                                              "patch",
                                                              "configure",
                                                              "setbootablestoragedrive",
                                                              "erase",
                                                              "power",
                                                              "firmwarewrite",
                                                              "getstorageinfo",
                                                              "benchmark",
                                                              "emmc",
                                                              "ufs",
                                                              "fixgpt",
                                                              "getsha256digest"};

}  // namespace

std::span<const FirehoseProgrammer::Command> FirehoseProgrammer::commands() {
  using P = FirehoseProgrammer;
  static constexpr std::array all = {
      Command{"program", &P::program},
      Command{"configure", &P::configure},
      Command{"power", &P::power},
      Command{"benchmark", &P::benchmark},
      Command{"read", &P::read},
      Command{"getstorageinfo", &P::storage_info},
      Command{"erase", &P::erase},
      Command{"nop", &P::nop},
      Command{"patch", &P::patch, true},
      Command{"getsha256digest", &P::sha256_digest, true},
      Command{"setbootablestoragedrive", &P::set_bootable_drive, true},
  };
  return all;
}

FirehoseProgrammer::FirehoseProgrammer(DeviceLink& link, Setup setup)
    : link_(link),
      setup_(std::move(setup)),
      reader_(link),
      parser_(attributes_),
      payload_(setup_.persona.programmer.default_payload) {
  for (const auto& command : commands()) {
    auto digests = command.run == &FirehoseProgrammer::sha256_digest && tells_digests();
    if (!command.later_family || setup_.persona.programmer.later_family || digests) {
      parser_.know(command.tag);
    }
  }
}

DeviceTask FirehoseProgrammer::run() {
  co_await link_.passed(start_time);
  while (setup_.faults.find("silent") != nullptr) {
    co_await reader_.text();
  }
  co_await greet();
  for (;;) {
    auto length = co_await reader_.text();
    auto packet = parser_.parse(reader_.memory(), length);
    for (const auto& line : packet.logs) {
      co_await log(line);
    }
    if (packet.accepted && setup_.faults.strikes("retry", packet.tag)) {
      co_await respond(false, "AttemptRetry=\"1\" ");
    } else if (packet.accepted && setup_.faults.strikes("unanswered", packet.tag)) {
      continue;
    } else if (packet.accepted && setup_.faults.strikes("babble", packet.tag)) {
      link_.in().babble();
    } else if (!packet.accepted || setup_.faults.strikes("nak", packet.tag)) {
      co_await respond(false);
    } else {
      co_await obey(packet.tag);
    }
  }
}

DeviceTask FirehoseProgrammer::obey(std::string_view tag) {
  auto command = std::ranges::find(commands(), tag, &Command::tag);
  return (this->*command->run)();
}

DeviceTask FirehoseProgrammer::refuse(std::string why) {
  co_await log(why);
  co_await respond(false);
}

/// What it says it knows: one line on a 9x07, one a function on later families.
FirehoseProgrammer::Lines FirehoseProgrammer::function_lines() const {
  if (!setup_.persona.programmer.later_family) {
    return {std::string(functions) + (tells_digests() ? "getsha256digest " : "")};
  }
  Lines lines = {fmt::format("Supported Functions ({}):", later_functions.size())};
  lines.insert(lines.end(), later_functions.begin(), later_functions.end());
  lines.push_back(fmt::format("End of supported functions {}", later_functions.size()));
  return lines;
}

DeviceTask FirehoseProgrammer::greet() {
  if (setup_.persona.programmer.later_family) {
    co_await log(fmt::format("Binary build date: {}", setup_.persona.programmer.build_date));
    co_await log(fmt::format("Chip serial num: {0} (0x{0:x})", setup_.serial));
  }
  for (const auto& line : function_lines()) {
    co_await log(line);
  }
}

DeviceTask FirehoseProgrammer::nop() {
  co_await log(fmt::format("Binary build date: {}\n", setup_.persona.programmer.build_date));
  co_await log(fmt::format("fh.attrs.Verbose is set to {}", number(Attribute::verbose)));
  for (const auto& line : function_lines()) {
    co_await log(line);
  }
  co_await respond(true);
}

DeviceTask FirehoseProgrammer::power() {
  const auto& value = attributes_.text(Attribute::value);
  auto later = setup_.persona.programmer.later_family;
  auto event = PowerEvent::reset;
  std::string_view name = "POWER_RESET";
  if (value == "off") {
    event = PowerEvent::off;
    name = "POWER_OFF";
  } else if (value == "edl" && later) {
    event = PowerEvent::edl;
    name = "POWER_EDL";
  } else if (!value.starts_with("reset")) {
    co_await refuse(fmt::format("Power value '{}' is not supported, use reset or off", value));
    co_return;
  }
  co_await log(fmt::format("Inside handlePower() - Requested {}", name));
  co_await respond(true);
  auto delay = std::clamp<std::uint64_t>(number(Attribute::delay_in_seconds), 1, longest_delay);
  co_await link_.passed(std::chrono::seconds(delay));
  setup_.power(event);
  co_await link_.halt();
}

/// On NAND there is nothing to patch: the shipped partition file has it applied (facts: packages.md).
DeviceTask FirehoseProgrammer::patch() {
  co_await respond(true);
}

DeviceTask FirehoseProgrammer::set_bootable_drive() {
  co_await refuse("setbootablestoragedrive is not supported on NAND");
}

/// The range of start_sector and num_partition_sectors; check range_beyond_chip() first.
SectorRange FirehoseProgrammer::range() const {
  return {{number(Attribute::start_sector)}, {number(Attribute::num_partition_sectors)}};
}

bool FirehoseProgrammer::range_beyond_chip() const {
  auto sectors = geometry().chip_sectors().n;
  auto start = number(Attribute::start_sector);
  return start > sectors || number(Attribute::num_partition_sectors) > sectors - start;
}

}  // namespace modemedic::twin
