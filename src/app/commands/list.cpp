#include "app/commands/commands.h"
#include "app/open_bus.h"
#include "base/bytes.h"
#include "operation/find_modem.h"
#include "operation/identify.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 3s;  // a silent port must not hold up the list

std::string usb_name(const usb::Fingerprint& fingerprint) {
  return fmt::format("{:04x}:{:04x}", fingerprint.vid, fingerprint.pid);
}

struct Row {
  operation::Found found;
  operation::Identity identity;  ///< of a running modem that answered
  std::string silence;           ///< why it didn't
};

Row look_at(usb::Bus& bus, const operation::Found& found, Output& output) {
  Row row{found, {}, {}};
  if (found.sighting.state == knowledge::State::running) {
    auto reservation = bus.reserve(found.device, usb::Purpose::question, output);
    if (!reservation) {
      row.silence = reservation.error().what;
      return row;
    }
    auto identity = operation::identify(bus, found.device, Deadline::in(bus.clock(), patience), output);
    if (identity) {
      row.identity = *identity;
    } else {
      row.silence = identity.error().what;
    }
  }
  return row;
}

void print(const Row& row, Output& output) {
  const auto& [device, sighting] = row.found;
  output.object("modem", {{"port", device.port},
                          {"state", name(sighting.state)},
                          {"certainty", row.identity.model.empty() ? "likely" : "proven"},
                          {"usb", usb_name(device.fingerprint)},
                          {"product", device.fingerprint.product},
                          {"model", row.identity.model.empty() ? sighting.model : row.identity.model},
                          {"family", sighting.family},
                          {"revision", row.identity.revision},
                          {"imei", row.identity.imei},
                          {"because", sighting.because},
                          {"silence", row.silence},
                          {"next", sighting.next}});
  const auto& model = row.identity.model.empty() ? sighting.model : row.identity.model;
  output.line(fmt::format("{:<8} {:<10} {:<9} {:<14} {:<32} {}", device.port, name(sighting.state),
                          usb_name(device.fingerprint), printable(model), printable(row.identity.revision),
                          row.silence.empty() ? sighting.next : "AT does not answer: " + printable(row.silence)));
}

Result<void> list(const GlobalOptions& global, Output& output) {
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  TRY_ASSIGN(auto modems, operation::find_modems(*bus));
  if (modems.empty()) {
    return fail(Code::no_modem)
        .what("no modem in sight")
        .hint("check power and cable; `dmesg | tail` shows whether the machine sees any USB device come and go");
  }
  output.line(fmt::format("{:<8} {:<10} {:<9} {:<14} {:<32} {}", "PORT", "STATE", "USB", "MODEL", "REVISION", "NEXT"));
  for (const auto& modem : modems) {
    print(look_at(*bus, modem, output), output);
  }
  return {};
}

}  // namespace

void add_list(Grammar& grammar) {
  grammar.command("list", "every modem in sight: port, state, model, what to do next",
                  "modemedic --bus usbip:127.0.0.1 list",
                  [&grammar](Output& output, auto&) { return list(grammar.global(), output); });
}

}  // namespace modemedic::app
