#include "virtual/booted_modem.h"

#include "firmware/revision.h"
#include "virtual/birth.h"
#include "virtual/composition.h"
#include "virtual/running_function.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

/// Fault wrong-revision: the same name with another release, R06A11 -> R06A12.
void change_revision(AtModem& at) {
  auto revision = firmware::parse_revision(at.cgmr);
  if (!revision) {
    return;
  }
  auto last_digit = revision->order_code.size() + std::string_view("R06A1").size();
  for (auto* text : {&at.cgmr, &at.qgmr}) {
    if (last_digit < text->size()) {
      auto& digit = (*text)[last_digit];
      digit = digit == '9' ? '0' : static_cast<char>(digit + 1);
    }
  }
}

std::string in_capitals(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

void set_radio(AtModem& at, const Result<EfsContent>& efs, const Buffer& own_calibration, const Faults& faults) {
  at.calibrated = efs && !efs->calibration.empty();
  auto own = at.calibrated && efs->calibration == own_calibration;
  at.cfun = own ? 1 : at.calibrated ? 7 : 5;
  if (const auto* fault = faults.find("cfun"); fault != nullptr && own) {
    at.cfun = static_cast<unsigned>(fault->argument);
  }
}

void set_sim(AtModem& at, const Faults& faults) {
  if (faults.find("no-sim") != nullptr) {
    at.sim = "+CME ERROR: 10";
  } else if (faults.find("sim-fails") != nullptr) {
    at.sim = "+CME ERROR: 13";
  } else if (faults.find("sim-pin") != nullptr) {
    at.sim = "+CPIN: SIM PIN";
  }
}

}  // namespace

std::uint32_t serial_number(std::string_view hex) {
  std::uint32_t number = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
  return number;
}

std::string told_imei(const Result<EfsContent>& efs) {
  return efs && efs->imei != no_imei ? efs->imei : std::string();
}

AtModem booted_modem(const BootOutcome& booted, const Result<EfsContent>& efs, const Persona& persona,
                     std::string_view serial, const Faults& faults) {
  AtModem at;
  at.model = persona.model;
  at.cgmr = booted.cgmr;
  at.qgmr = booted.qgmr;
  if (faults.find("wrong-revision") != nullptr) {
    change_revision(at);
  }
  at.imei = told_imei(efs);
  at.iccid = fmt::format("8949020000{:010}", serial_number(serial));
  at.composition = composition_text(persona.running);
  at.usbnet = usbnet_of(persona.running);
  at.fused = persona.fused;
  set_radio(at, efs, efs_for(persona, serial).calibration, faults);
  set_sim(at, faults);
  for (const auto& fault : faults.all()) {
    if (fault.kind == "at-error") {
      at.refused.push_back("+" + in_capitals(fault.where));
    }
  }
  return at;
}

}  // namespace modemedic::twin
