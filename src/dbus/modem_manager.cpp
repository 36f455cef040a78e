#include "dbus/modem_manager.h"

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include <sdbus-c++/sdbus-c++.h>

namespace modemedic::dbus {

namespace {

constexpr const char* bus_name = "org.freedesktop.DBus";
constexpr const char* bus_path = "/org/freedesktop/DBus";
constexpr const char* manager_name = "org.freedesktop.ModemManager1";
constexpr const char* manager_path = "/org/freedesktop/ModemManager1";

/// What a thread that ends in time may need beyond its calls.
constexpr Duration grace = std::chrono::milliseconds(250);

std::uint64_t micro(Duration duration) {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::microseconds>(duration).count());
}

Inhibition::Outcome meaning_of(const std::string& error) {
  using Outcome = Inhibition::Outcome;
  // 1.20.4 says WrongState ("Modem not exported in the bus") of a device that it is still probing, or gave up.
  if (error.ends_with(".NotFound") || error.ends_with(".WrongState")) {
    return Outcome::unknown_device;
  }
  if (error.ends_with(".NoReply") || error.ends_with(".Timeout") || error.ends_with(".TimedOut") ||
      error == "System.Error.ETIMEDOUT") {
    return Outcome::silent;
  }
  if (error.ends_with(".NameHasNoOwner") || error.ends_with(".ServiceUnknown")) {
    return Outcome::nobody_there;
  }
  return Outcome::refused;
}

/// sdbus-c++ throws; nothing of it leaves this file.
class SystemBus {
public:
  /// Without sdbus-c++'s event loop: its thread would end the program with an exception when the bus goes.
  SystemBus() : bus_(sdbus::createSystemBusConnection()) {}

  /// The owner of the name, as the bus itself names it: a call to that one never starts a service.
  std::string owner(Duration patience) const {
    std::string owner;
    sdbus::createProxy(*bus_, bus_name, bus_path)
        ->callMethod("GetNameOwner")
        .onInterface(bus_name)
        .withTimeout(micro(patience))
        .withArguments(std::string(manager_name))
        .storeResultsTo(owner);
    return owner;
  }

  void inhibit(const std::string& owner, const std::string& uid, Duration patience) const {
    sdbus::createProxy(*bus_, owner, manager_path)
        ->callMethod("InhibitDevice")
        .onInterface(manager_name)
        .withTimeout(micro(patience))
        .withArguments(uid, true);
  }

  bool has(const std::string& owner, const std::string& uid, Duration patience) const {
    std::map<sdbus::ObjectPath, std::map<std::string, std::map<std::string, sdbus::Variant>>> objects;
    sdbus::createProxy(*bus_, owner, manager_path)
        ->callMethod("GetManagedObjects")
        .onInterface("org.freedesktop.DBus.ObjectManager")
        .withTimeout(micro(patience))
        .storeResultsTo(objects);
    return std::ranges::any_of(objects, [&](auto& object) {
      auto& modem = object.second["org.freedesktop.ModemManager1.Modem"];
      auto device = modem.find("Device");
      return device != modem.end() && device->second.template containsValueOfType<std::string>() &&
             device->second.template get<std::string>() == uid;
    });
  }

private:
  std::unique_ptr<sdbus::IConnection> bus_;
};

/// Connecting has no deadline of its own, and a D-Bus that hangs would hold us up for minutes. So it is done by a
/// thread, which is left behind then; what it gets in the end goes with it.
/// @return nothing when that was not in time
template <typename Answer>
std::optional<Answer> in_time(std::function<Answer()> work, Duration patience) {
  std::packaged_task<Answer()> task(std::move(work));
  auto answer = task.get_future();
  std::thread worker(std::move(task));
  if (answer.wait_for(patience + grace) == std::future_status::ready) {
    worker.join();
    return answer.get();
  }
  worker.detach();
  return std::nullopt;
}

}  // namespace

class Inhibition::Connection : public SystemBus {};

bool modem_manager_has(const std::string& uid, Duration patience) {
  auto has = in_time<bool>(
      [uid, patience] {
        try {
          SystemBus bus;
          return bus.has(bus.owner(patience / 2), uid, patience / 2);
        } catch (const sdbus::Error&) {
          return false;
        }
      },
      patience);
  return has.value_or(false);
}

Inhibition::Inhibition(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

Inhibition::~Inhibition() = default;

Inhibition::Asked Inhibition::ask_now(const std::string& uid, Duration patience) {
  std::unique_ptr<Connection> connection;
  try {
    connection = std::make_unique<Connection>();
  } catch (const sdbus::Error& error) {
    return {Outcome::nobody_there, nullptr, error.what()};
  }
  try {
    auto owner = connection->owner(patience / 2);
    connection->inhibit(owner, uid, patience / 2);
  } catch (const sdbus::Error& error) {
    return {meaning_of(error.getName()), nullptr, error.getMessage()};
  }
  Asked asked;
  asked.outcome = Outcome::inhibited;
  asked.inhibition.reset(new Inhibition(std::move(connection)));
  return asked;
}

Inhibition::Asked Inhibition::ask(const std::string& uid, Duration patience) {
  auto asked = in_time<Asked>([uid, patience] { return ask_now(uid, patience); }, patience);
  return asked ? std::move(*asked) : Asked{Outcome::silent, nullptr, "no answer in time"};
}

}  // namespace modemedic::dbus
