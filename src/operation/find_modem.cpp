#include "operation/find_modem.h"

#include "operation/follow_port.h"
#include "operation/identify.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration imei_patience = 10s;

std::string line_of(const Found& found) {
  return fmt::format("port:{} ({}, {})", found.device.port, describe(found.device.fingerprint),
                     knowledge::name(found.sighting.state));
}

std::string list_of(const std::vector<Found>& modems) {
  std::string list;
  for (const auto& modem : modems) {
    list += (list.empty() ? "" : "; ") + line_of(modem);
  }
  return list;
}

/// The one that is left; what else `several` says.
Result<Found> the_only_one(std::vector<Found> modems, const std::string& none, const std::string& none_hint) {
  if (modems.empty()) {
    return fail(Code::no_modem).what(none).hint(none_hint);
  }
  if (modems.size() > 1) {
    return fail(Code::several_modems)
        .what(fmt::format("{} modems are in sight: {}", modems.size(), list_of(modems)))
        .hint("choose one: --modem port:PORT, imei:IMEI or serial:SERIAL");
  }
  return std::move(modems.front());
}

std::string in_sight(const std::vector<Found>& modems) {
  return modems.empty() ? "no modem is in sight: plug it in, and look with modemedic list"
                        : "in sight: " + list_of(modems);
}

Result<Identity> ask(usb::Bus& bus, const Found& modem, Events& events) {
  TRY_ASSIGN(auto reservation, bus.reserve(modem.device, usb::Purpose::question, events));
  return identify(bus, modem.device, Deadline::in(bus.clock(), imei_patience), events);
}

/// Asks the running ones who they are. One that does not answer is not the one, but a person is told.
std::vector<Found> with_imei(usb::Bus& bus, const std::vector<Found>& modems, std::string_view imei, Events& events) {
  std::vector<Found> chosen;
  for (const auto& modem : modems) {
    if (modem.sighting.state != knowledge::State::running) {
      continue;
    }
    auto identity = ask(bus, modem, events);
    if (!identity) {
      warn(events, fmt::format("{} did not tell its IMEI: {}", line_of(modem), identity.error().what));
    } else if (identity->imei == imei) {
      chosen.push_back(modem);
    }
  }
  return chosen;
}

}  // namespace

Result<std::vector<Found>> find_modems(usb::Bus& bus) {
  TRY_ASSIGN(auto devices, bus.snapshot());
  std::vector<Found> modems;
  for (auto& device : devices) {
    auto sighting = knowledge::conclude(device.fingerprint);
    if (sighting.state != knowledge::State::not_ours) {
      modems.push_back({std::move(device), std::move(sighting)});
    }
  }
  return modems;
}

Result<Found> find_modem(usb::Bus& bus, const std::string& selector, Events& events) {
  auto colon = selector.find(':');
  auto kind = selector.substr(0, colon);
  auto wanted = colon == std::string::npos ? std::string() : selector.substr(colon + 1);
  if (!selector.empty() && (wanted.empty() || (kind != "port" && kind != "serial" && kind != "imei"))) {
    return fail(Code::usage)
        .what(fmt::format("\"{}\" selects no modem", printable(selector)))
        .hint("a modem is selected by port:1-1.4, imei:IMEI or serial:SERIAL");
  }
  TRY_ASSIGN(auto modems, find_modems(bus));
  auto hint = in_sight(modems);
  if (selector.empty()) {
    return the_only_one(std::move(modems), "no modem is in sight",
                        "plug it in and power it; a modem that USB does not show needs its cable, power or boot pin "
                        "looked at");
  }
  std::vector<Found> chosen;
  if (kind == "imei") {
    chosen = with_imei(bus, modems, wanted, events);
  } else {
    std::copy_if(modems.begin(), modems.end(), std::back_inserter(chosen), [&](const Found& modem) {
      return wanted == (kind == "port" ? modem.device.port : modem.device.fingerprint.serial);
    });
  }
  return the_only_one(std::move(chosen), fmt::format("no modem is at {}", printable(selector)), hint);
}

}  // namespace modemedic::operation
