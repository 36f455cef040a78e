#include "usb/quiet_modem_manager.h"

#include "base/bytes.h"
#include "usb/nap.h"
#include "usb/node_holders.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

namespace modemedic::usb {

using namespace std::chrono_literals;
using dbus::Inhibition;
namespace fs = std::filesystem;

namespace {

constexpr Duration answer_patience = 10s;  ///< it closes the modem's ports, and may have to end a data call, before
constexpr Duration question_patience = 1s;
constexpr Duration probing_patience = 30s;
constexpr Duration between_asks = 300ms;

/// A property of a device in udev's own files: lines of `E:KEY=value`.
std::string udev_property(const fs::path& file, const std::string& key) {
  std::ifstream in(file);
  auto prefix = "E:" + key + "=";
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(prefix)) {
      return line.substr(prefix.size());
    }
  }
  return "";
}

bool is_probing(const DeviceInfo& device, const Sysfs& sysfs) {
  std::vector<std::string> nodes;
  for (const auto& interface : device.fingerprint.interfaces) {
    auto its = sysfs.nodes(device.port, interface.number);
    nodes.insert(nodes.end(), its.begin(), its.end());
  }
  return std::ranges::any_of(holders_of(nodes), [](const auto& holder) { return holder.name == "ModemManager"; });
}

void tell(Events& events, event::Log::Level level, std::string text) {
  events.emit(event::Log{level, std::move(text)});
}

}  // namespace

std::string modem_manager_uid(const std::string& port, const Sysfs& sysfs, const fs::path& udev) {
  auto path = sysfs.device_path(port);
  auto known = udev / ("c" + sysfs.text(port, "dev"));
  auto ignore = udev_property(known, "ID_MM_DEVICE_IGNORE");
  if (path.empty() || (!ignore.empty() && ignore != "0")) {
    return "";
  }
  auto uid = udev_property(known, "ID_MM_PHYSDEV_UID");
  return uid.empty() ? path : uid;
}

Result<void> respect_modem_manager(const DeviceInfo& device, const Sysfs& sysfs) {
  auto uid = modem_manager_uid(device.port, sysfs);
  if (!uid.empty() && dbus::modem_manager_has(uid, question_patience)) {
    return fail(Code::busy)
        .what("ModemManager uses this modem")
        .device("port " + device.port)
        .hint(
            "mmcli -m any shows what ModemManager knows of it. A flash takes it over by itself; for another look "
            "without it: sudo systemctl stop ModemManager");
  }
  return {};
}

std::unique_ptr<Inhibition> quiet_modem_manager(const DeviceInfo& device, const Sysfs& sysfs, const Clock& clock,
                                                Events& events) {
  using Level = event::Log::Level;
  auto uid = modem_manager_uid(device.port, sysfs);
  if (uid.empty()) {
    return nullptr;
  }
  auto deadline = Deadline::in(clock, probing_patience);
  for (auto told = false;;) {
    auto asked = Inhibition::ask(uid, answer_patience);
    switch (asked.outcome) {
      case Inhibition::Outcome::inhibited:
        tell(events, Level::info, "ModemManager leaves this modem alone until the end");
        return std::move(asked.inhibition);
      case Inhibition::Outcome::nobody_there:
        return nullptr;
      case Inhibition::Outcome::refused:
      case Inhibition::Outcome::silent:
        tell(events, Level::warning,
             fmt::format("ModemManager was asked to leave this modem alone and does not ({}). If it gets in the way: "
                         "sudo systemctl stop ModemManager",
                         printable(asked.why)));
        return nullptr;
      case Inhibition::Outcome::unknown_device:
        break;
    }
    if (deadline.passed(clock) || !is_probing(device, sysfs)) {
      tell(events, Level::debug, "ModemManager runs, and does not have this modem");
      return nullptr;
    }
    if (!std::exchange(told, true)) {
      tell(events, Level::info, "ModemManager is still looking at this modem: waiting until it has seen it");
    }
    nap(clock, deadline, between_asks);
  }
}

}  // namespace modemedic::usb
