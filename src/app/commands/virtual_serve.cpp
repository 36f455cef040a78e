#include "app/commands/commands.h"
#include "app/open_bus.h"
#include "app/revision_option.h"
#include "base/bytes.h"
#include "base/wake_pipe.h"
#include "protocol/usbip_wire.h"
#include "usb/vhci_host.h"
#include "virtual/birth.h"
#include "virtual/efs.h"
#include "virtual/fastboot_tcp.h"
#include "virtual/generator.h"
#include "virtual/modem.h"
#include "virtual/usbip_server.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

struct ServeOptions {
  std::vector<std::string> modems;  ///< PERSONA[:MODE]
  std::string listen = "127.0.0.1:3240";
  std::string revision;
  std::string state_dir;
  std::vector<std::string> faults;
  std::string fastboot;  ///< HOST:PORT; empty: not over TCP
  bool blank = false;
  bool vhci = false;
  bool real_timing = false;
};

constexpr std::uint32_t first_serial = 0x1bad0001;
constexpr std::uint16_t fastboot_port = 5554;  // AOSP's

/// One modem of the command line: PERSONA[:MODE].
struct Wanted {
  twin::Persona persona;
  twin::Mode mode = twin::Mode::running;
};

Result<Wanted> parse_wanted(const std::string& text) {
  static const std::map<std::string, twin::Mode> modes{{"running", twin::Mode::running},
                                                       {"edl", twin::Mode::edl},
                                                       {"download", twin::Mode::download},
                                                       {"dump", twin::Mode::dump},
                                                       {"fastboot", twin::Mode::fastboot}};
  auto colon = text.find(':');
  Wanted wanted;
  TRY_ASSIGN(wanted.persona, twin::find_persona(text.substr(0, colon)));
  if (colon != std::string::npos) {
    auto mode = modes.find(text.substr(colon + 1));
    if (mode == modes.end()) {
      return fail(Code::usage).what("`" + text + "` names no mode").hint("running, edl, download, dump or fastboot");
    }
    wanted.mode = mode->second;
  }
  return wanted;
}

Result<std::vector<twin::Fault>> parse_faults(const std::vector<std::string>& specs) {
  std::vector<twin::Fault> faults;
  for (const auto& spec : specs) {
    TRY_ASSIGN(auto fault, twin::parse_fault(spec));
    faults.push_back(std::move(fault));
  }
  return faults;
}

/// What tells two modems apart.
struct Name {
  std::string busid;
  std::string serial;
};

/// The modem's chip: kept in the state folder from run to run if there is one, else new in memory.
Result<std::unique_ptr<twin::Nand>> make_chip(const ServeOptions& options, const Wanted& wanted,
                                              const twin::Faults& faults, const Name& name) {
  namespace fs = std::filesystem;
  std::unique_ptr<twin::Nand> nand;
  if (options.state_dir.empty()) {
    nand = std::make_unique<twin::Nand>(wanted.persona.geometry);
  } else {
    std::error_code error;
    fs::create_directories(options.state_dir, error);
    auto file = fs::path(options.state_dir) / fmt::format("{}-{}.nand", name.busid, wanted.persona.id);
    auto existed = fs::exists(file, error);
    TRY_ASSIGN(nand, twin::Nand::open_file(file.string(), wanted.persona.geometry));
    if (existed) {
      return nand;
    }
  }
  twin::mark_bad_blocks(*nand, wanted.persona, faults);
  TRY_ASSIGN(auto revision, revision_option(options.revision.empty() ? wanted.persona.revision : options.revision));
  if (options.blank) {
    TRY(twin::write_efs(*nand, wanted.persona, twin::efs_for(wanted.persona, name.serial)));
  } else {
    TRY(twin::provision(*nand, wanted.persona, revision, name.serial, twin::Scale::small));
  }
  return nand;
}

void announce(const twin::VirtualModem& modem, const std::string& busid, Output& output) {
  output.object("modem", {{"port", busid}, {"persona", modem.persona().id}, {"state", modem.state()}});
  output.line(fmt::format("{} {}: {}", busid, modem.persona().id, modem.state()));
}

Result<void> virtual_serve(const ServeOptions& options, Output& output, const std::stop_token& stop) {
  TRY_ASSIGN(auto address, parse_address(options.listen, protocol::usbip::default_port));
  TRY_ASSIGN(auto faults, parse_faults(options.faults));
  SteadyClock clock;
  twin::Timers timers(clock);
  std::vector<std::unique_ptr<twin::VirtualModem>> modems;  // outlive the server
  TRY_ASSIGN(auto server, twin::UsbIpServer::listen(address.host, address.port, timers));
  std::optional<usb::VhciHost> vhci;
  if (options.vhci) {
    TRY_ASSIGN(vhci, usb::VhciHost::open());
    server->plug_into(*vhci);
  }
  for (const auto& text : options.modems) {
    TRY_ASSIGN(auto wanted, parse_wanted(text));
    TRY(twin::check_faults(wanted.persona, twin::Faults(faults)));
    auto busid = fmt::format("1-{}", modems.size() + 1);
    auto serial = fmt::format("{:08x}", first_serial + modems.size());
    TRY_ASSIGN(auto nand, make_chip(options, wanted, twin::Faults(faults), {busid, serial}));
    modems.push_back(std::make_unique<twin::VirtualModem>(
        twin::VirtualModem::Setup{wanted.persona, serial, options.real_timing, twin::Faults(faults)}, std::move(nand),
        timers));
    auto& modem = *modems.back();
    modem.on_change = [&modem, busid, &output] { announce(modem, busid, output); };
    server->export_modem(modem, busid);
    modem.power_on(wanted.mode);
  }
  std::optional<twin::FastbootTcp> fastboot;
  if (!options.fastboot.empty()) {
    TRY_ASSIGN(auto place, parse_address(options.fastboot, fastboot_port));
    TRY_ASSIGN(auto listener, twin::Listener::open(place.host, place.port));
    fastboot.emplace(std::move(listener), *modems.front());
    server->serve_beside(*fastboot);
    output.object("fastboot", {{"host", place.host}, {"port", fastboot->port()}});
    output.line(fmt::format("fastboot {}:{}", place.host, fastboot->port()));
  }
  output.object("listening", {{"host", address.host}, {"port", server->port()}});
  output.line(fmt::format("listening {}:{}", address.host, server->port()));
  TRY_ASSIGN(auto stopped, WakePipe::make());
  std::stop_callback wake(stop, [&stopped] { stopped.wake(); });
  return server->run(stopped.readable());
}

}  // namespace

void add_virtual_serve(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<ServeOptions>();
  auto& command =
      grammar.command(group, "serve", "export virtual modems over USB/IP until interrupted",
                      "modemedic virtual serve eg25-g ec25-e:edl --listen 127.0.0.1:0",
                      [options](Output& output, auto& stop) { return virtual_serve(*options, output, stop); });
  command.add_option("PERSONA[:MODE]", options->modems, "MODE: running (default), edl, download, dump, fastboot")
      ->required();
  command.add_option("--listen", options->listen, "HOST:PORT; port 0 takes a free one")->capture_default_str();
  command.add_option("--revision", options->revision, "firmware on the modems; default: the persona's own");
  command.add_flag("--blank", options->blank, "a chip with nothing but its own EFS on it");
  command.add_option("--state", options->state_dir, "keep each modem's NAND in this folder");
  command.add_option("--fault", options->faults, "KIND[@AT][:N], see docs/virtual-modem.md (repeatable)");
  command.add_option("--fastboot", options->fastboot,
                     "HOST:PORT: while the first modem is in fastboot, answer fastboot over TCP there");
  command.add_flag("--vhci", options->vhci, "plug them into this machine's own USB too (Linux with vhci-hcd, as root)");
  command.add_flag("--real-timing", options->real_timing, "NAND and boot take as long as on a real modem");
}

}  // namespace modemedic::app
