#include "operation/find_modem.h"

#include "operation/ask_modem.h"
#include "operation/emit_log.h"
#include "operation/follow_port.h"
#include "operation/modem_records.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration asking_patience = 10s;

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

/// What a modem says of itself, with what is remembered of it for certain.
Identity all_known(const Asked& asked, const Found& modem, ModemRecords* records) {
  auto known = records == nullptr ? std::nullopt : records->known_before(modem.device, asked.identity);
  if (!known || !known->certain) {
    return asked.identity;
  }
  known->record.learn(asked.identity, {});
  return known->record.identity();
}

/// Asks all modems who they are. One that does not answer is not the one, but a person is told.
std::vector<Found> who_are(usb::Bus& bus, const std::vector<Found>& modems, ModemRecords* records, Events& events,
                           const std::function<bool(const Identity&)>& wanted) {
  std::vector<Found> chosen;
  auto answers = ask_modems(bus, modems, asking_patience, events);
  for (std::size_t i = 0; i < modems.size(); ++i) {
    const auto& asked = answers[i];
    if (wanted(all_known(asked, modems[i], records))) {
      chosen.push_back(modems[i]);
    } else if (!asked.proven()) {
      warn(events, fmt::format("{} did not tell who it is: {}", line_of(modems[i]),
                               asked.silence ? asked.silence->what : "it can't be asked in this state"));
    }
  }
  return chosen;
}

/// Ports as a person counts them: runs of digits by their value.
bool comes_before(std::string_view left, std::string_view right) {
  auto digits = [](std::string_view text) { return std::min(text.find_first_not_of("0123456789"), text.size()); };
  while (!left.empty() && !right.empty()) {
    auto first = digits(left);
    auto second = digits(right);
    if (first > 0 && second > 0 && first != second) {
      return first < second;  // the kernel writes no leading zeros
    }
    auto length = std::max<std::size_t>(first == second ? first : 0, 1);
    if (left.substr(0, length) != right.substr(0, length)) {
      return left < right;
    }
    left.remove_prefix(length);
    right.remove_prefix(length);
  }
  return left.size() < right.size();
}

bool has_chip_serial(const Identity& identity, std::string_view wanted) {
  return identity.chip.serial && fmt::format("{:08x}", *identity.chip.serial) == wanted;
}

}  // namespace

Result<std::vector<Found>> find_modems(usb::Bus& bus, Foreign foreign) {
  TRY_ASSIGN(auto devices, bus.snapshot());
  std::vector<Found> modems;
  for (auto& device : devices) {
    auto sighting = knowledge::conclude(device.fingerprint);
    auto named = foreign == Foreign::named && !sighting.model.empty();
    if (sighting.state != knowledge::State::not_ours || named) {
      modems.push_back({std::move(device), std::move(sighting)});
    }
  }
  std::ranges::stable_sort(
      modems, [](const Found& left, const Found& right) { return comes_before(left.device.port, right.device.port); });
  return modems;
}

Result<void> check_selector(const std::string& selector) {
  auto known = [&](std::string_view kind) { return selector.starts_with(kind) && selector.size() > kind.size(); };
  if (!selector.empty() && !known("port:") && !known("serial:") && !known("imei:")) {
    return fail(Code::usage)
        .what(fmt::format("\"{}\" selects no modem", printable(selector)))
        .hint("a modem is selected by port:1-1.4, imei:IMEI or serial:SERIAL");
  }
  return {};
}

Result<Found> find_modem(usb::Bus& bus, const std::string& selector, Events& events, ModemRecords* records) {
  TRY(check_selector(selector));
  auto colon = selector.find(':');
  auto kind = selector.substr(0, colon);
  auto wanted = colon == std::string::npos ? std::string() : selector.substr(colon + 1);
  TRY_ASSIGN(auto modems, find_modems(bus));
  auto hint = in_sight(modems);
  if (selector.empty()) {
    return the_only_one(std::move(modems), "no modem is in sight",
                        "plug it in and power it; a modem that USB does not show needs its cable, power or boot pin "
                        "looked at");
  }
  std::vector<Found> chosen;
  if (kind == "imei") {
    chosen = who_are(bus, modems, records, events, [&](const Identity& identity) { return identity.imei == wanted; });
  } else {
    std::copy_if(modems.begin(), modems.end(), std::back_inserter(chosen), [&](const Found& modem) {
      return wanted == (kind == "port" ? modem.device.port : modem.device.fingerprint.serial);
    });
  }
  if (kind == "serial" && chosen.empty()) {
    chosen = who_are(bus, modems, records, events, [&](const Identity& one) { return has_chip_serial(one, wanted); });
  }
  return the_only_one(std::move(chosen), fmt::format("no modem in sight is {}", printable(selector)), hint);
}

}  // namespace modemedic::operation
