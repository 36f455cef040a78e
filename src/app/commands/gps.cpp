#include "operation/gps.h"

#include "app/commands/commands.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "base/bytes.h"
#include "operation/find_modem.h"
#include "usb/sysfs.h"

#include <algorithm>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using namespace std::chrono_literals;
using operation::Found;

constexpr Duration sentence_patience = 3s;

/// Where the sentences come out.
struct NmeaPort {
  std::optional<std::uint8_t> interface_number;
  std::string tty;  ///< empty: no driver made one
};

NmeaPort nmea_port(const GlobalOptions& global, const Found& modem) {
  NmeaPort port{.interface_number = knowledge::nmea_interface(modem.device.fingerprint), .tty = {}};
  if (!port.interface_number || global.bus != "usb") {
    return port;  // a tty of this machine is no port of another one's
  }
  auto nodes = usb::Sysfs().nodes(modem.device.port, *port.interface_number);
  auto tty = std::ranges::find_if(nodes, [](const std::string& node) { return node.starts_with("/dev/tty"); });
  port.tty = tty == nodes.end() ? "" : *tty;
  return port;
}

void show_port(const GlobalOptions& global, const NmeaPort& port, Output& output) {
  Json fields{{"tty", port.tty}};
  if (port.interface_number) {
    fields["interface"] = *port.interface_number;
  }
  output.object("nmea", fields);
  if (!port.interface_number) {
    return;
  }
  if (!port.tty.empty()) {
    output.line(fmt::format("NMEA comes out of {}: gpsd {}", port.tty, port.tty));
  } else if (global.bus == "usb") {
    output.line(fmt::format("NMEA comes out of interface {}, which has no tty: load the driver (modprobe option)",
                            *port.interface_number));
  } else {
    output.line(
        fmt::format("NMEA comes out of interface {}; it has a tty on the machine that the modem is plugged "
                    "into",
                    *port.interface_number));
  }
}

/// Whether sentences come, where that can be seen without taking the port from gpsd.
void listen(usb::Bus& bus, const Found& modem, const NmeaPort& port, Output& output) {
  if (!port.tty.empty() || !port.interface_number) {
    return;
  }
  auto sentence = operation::first_sentence(bus, modem, Deadline::in(bus.clock(), sentence_patience));
  if (sentence && *sentence) {
    output.object("sentence", {{"text", **sentence}});
    output.line("  it says " + printable(**sentence));
  } else {
    output.line("  nothing came out of it yet: a first fix may take minutes, and an antenna");
  }
}

Result<void> gps(const GlobalOptions& global, const std::string& wanted, Output& output) {
  if (wanted != "on" && wanted != "off" && wanted != "port") {
    return fail(Code::usage).what(fmt::format("gps {} is no command", printable(wanted))).hint("on, off or port");
  }
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, output);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, output, &records));
  if (modem.sighting.state != knowledge::State::running) {
    return fail(Code::refused)
        .rule("mode")
        .what("the modem does not run: " + modem.sighting.because)
        .hint("modemedic mode normal brings it there; nothing was sent");
  }
  auto port = nmea_port(global, modem);
  if (wanted == "port" && !port.interface_number) {
    return fail(Code::no_modem)
        .what("the modem shows no NMEA interface in this USB composition")
        .hint("AT+QCFG=\"usbcfg\" with nmea set to 1 brings it back");
  }
  if (wanted == "port") {
    show_port(global, port, output);
    return {};
  }
  TRY_ASSIGN(auto reservation, bus->reserve(modem.device, usb::Purpose::question, output));
  TRY_ASSIGN(auto switched, operation::switch_gps(*bus, modem, wanted == "on"));
  auto changed = switched == operation::Switched::now;
  output.verdict_field("changed", changed);
  output.line(fmt::format("the receiver {} {}", changed ? "is now" : "was already", wanted));
  if (wanted == "on") {
    show_port(global, port, output);
    listen(*bus, modem, port, output);
  }
  return {};
}

}  // namespace

void add_gps(Grammar& grammar) {
  auto wanted = std::make_shared<std::string>();
  auto& command =
      grammar.command("gps", "switch the satellite receiver on or off, and tell gpsd's port", "modemedic gps on",
                      [&grammar, wanted](Output& output, auto&) { return gps(grammar.global(), *wanted, output); });
  command.add_option("WHAT", *wanted, "on, off, or port: which one carries NMEA")->required();
}

}  // namespace modemedic::app
