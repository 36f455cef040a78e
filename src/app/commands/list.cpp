#include "app/commands/commands.h"
#include "app/modem_view.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "app/terminal.h"
#include "app/warnings_only.h"
#include "base/bytes.h"

#include <map>
#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace modemedic::app {

namespace {

using namespace std::chrono_literals;
using operation::Found;

/// Everything in sight is told within 3 s, also what keeps silent.
constexpr Duration patience = 2500ms;

/// How soon Ctrl-C is heeded while nothing happens.
constexpr Duration watch_slice = 250ms;

/// What is in sight, asked who it is and looked up in what was known before.
class Look {
public:
  Look(const GlobalOptions& global, usb::Bus& bus, Output& output)
      : bus_(bus), events_(output), records_(open_records(global, output)) {}

  std::vector<Listed> at(const std::vector<Found>& modems) {
    auto answers = operation::ask_modems(bus_, modems, patience, events_);
    std::vector<Listed> listed;
    for (std::size_t i = 0; i < modems.size(); ++i) {
      const auto& identity = answers[i].identity;
      auto known = records_.known_before(modems[i].device, identity);
      if (modems[i].sighting.state != knowledge::State::not_ours) {
        records_.saw({modems[i].device, std::string(name(modems[i].sighting.state)), identity, utc_now()});
      }
      listed.push_back({modems[i], std::move(answers[i]), std::move(known)});
    }
    return listed;
  }

  operation::ModemRecords& records() { return records_; }

private:
  usb::Bus& bus_;
  WarningsOnly events_;
  operation::ModemRecords records_;
};

/// Those in sight, or the one that was chosen.
Result<std::vector<Found>> wanted_modems(usb::Bus& bus, Look& look, const std::string& selector, Output& output) {
  if (selector.empty()) {
    return operation::find_modems(bus, operation::Foreign::named);
  }
  TRY_ASSIGN(auto chosen, operation::find_modem(bus, selector, output, &look.records()));
  return std::vector<Found>{std::move(chosen)};
}

Result<void> list_once(usb::Bus& bus, Look& look, const std::string& selector, Output& output) {
  TRY_ASSIGN(auto modems, wanted_modems(bus, look, selector, output));
  if (modems.empty()) {
    return fail(Code::no_modem)
        .what("no modem in sight")
        .hint("check power and cable; `dmesg | tail` shows whether the machine sees any USB device come and go");
  }
  auto listed = look.at(modems);
  for (const auto& modem : listed) {
    output.object("modem", to_json(modem));
  }
  for (const auto& line : table_of(listed, terminal_width(STDOUT_FILENO))) {
    output.line(line);
  }
  return {};
}

/// Tells what changes as it changes: a line, or an object, for each modem that comes, tells who it is, and leaves.
class Watch {
public:
  Watch(usb::Bus& bus, Look& look, Output& output) : bus_(bus), look_(look), output_(output) {}

  Result<void> run(const std::stop_token& stop) {
    output_.line(fmt::format("{:<20} {:<8} {}", "TIME", "CHANGE", heading()));
    while (!stop.stop_requested() && !output_.read_to_its_end()) {
      TRY_ASSIGN(auto now, operation::find_modems(bus_, operation::Foreign::named));
      tell_changes(now);
      TRY(bus_.wait_change(Deadline::in(bus_.clock(), watch_slice)));
    }
    return {};
  }

private:
  void tell_changes(const std::vector<Found>& now) {
    std::map<std::string, Found> there;
    std::vector<Found> fresh;
    for (const auto& modem : now) {
      there.emplace(modem.device.port, modem);
      auto known = there_.find(modem.device.port);
      if (known == there_.end() || known->second.device.enumeration != modem.device.enumeration) {
        fresh.push_back(modem);
      }
    }
    for (const auto& [port, modem] : there_) {
      auto again = there.find(port);
      if (again == there.end() || again->second.device.enumeration != modem.device.enumeration) {
        tell("left", {modem, {}, {}});
        last_[port] = std::string(name(modem.sighting.state));
      }
    }
    there_ = std::move(there);
    for (const auto& modem : fresh) {
      tell("appeared", {modem, {}, {}});
    }
    for (const auto& modem : fresh.empty() ? std::vector<Listed>() : look_.at(fresh)) {
      if (modem.asked.proven() || modem.asked.silence) {
        tell(modem.asked.proven() ? "answers" : "silent", modem);
      }
    }
  }

  void tell(const std::string& change, const Listed& modem) {
    auto was = last_.find(modem.found.device.port);
    Json fields{{"time", utc_now()}, {"change", change}};
    fields.update(to_json(modem));
    if (change == "appeared" && was != last_.end()) {
      fields["was"] = was->second;
    }
    output_.object("modem", fields);
    output_.line(fmt::format("{:<20} {:<8} {}", utc_now(), change, line_of(modem)));
  }

  usb::Bus& bus_;
  Look& look_;
  Output& output_;
  std::map<std::string, Found> there_;       ///< by port
  std::map<std::string, std::string> last_;  ///< the state of who left a port last
};

Result<void> list(const GlobalOptions& global, bool watch, Output& output, const std::stop_token& stop) {
  SteadyClock clock;
  if (watch && !global.modem.empty()) {
    return fail(Code::usage).what("--watch tells of all modems").hint("leave out --modem");
  }
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  Look look(global, *bus, output);
  return watch ? Watch(*bus, look, output).run(stop) : list_once(*bus, look, global.modem, output);
}

}  // namespace

void add_list(Grammar& grammar) {
  auto watch = std::make_shared<bool>(false);
  auto& command = grammar.command(
      "list", "every modem in sight: port, state, model, what to do next", "modemedic list --watch",
      [&grammar, watch](Output& output, auto& stop) { return list(grammar.global(), *watch, output, stop); });
  command.add_flag("--watch", *watch, "go on, and tell what comes, goes and changes, until Ctrl-C");
}

}  // namespace modemedic::app
