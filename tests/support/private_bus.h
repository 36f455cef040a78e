#pragma once

#include "base/descriptor.h"
#include "support/tool.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sdbus-c++/sdbus-c++.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace modemedic::test {

/// A D-Bus of our own in the system bus's place, with a service file for ModemManager as Debian installs it.
class PrivateBus {
public:
  static bool possible() { return have("dbus-daemon"); }

  PrivateBus() {
    std::filesystem::create_directory(folder_ / "services");
    write_text(folder_ / "services/org.freedesktop.ModemManager1.service",
               "[D-BUS Service]\nName=org.freedesktop.ModemManager1\nExec=/bin/touch " + (folder_ / "started") + "\n");
    write_text(folder_ / "config",
               "<busconfig><type>session</type><listen>unix:path=" + socket() + "</listen><servicedir>" +
                   (folder_ / "services") +
                   "</servicedir><auth>EXTERNAL</auth><policy context=\"default\"><allow send_destination=\"*\"/>"
                   "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>");
    daemon_ = fork();
    if (daemon_ == 0) {
      auto null = open("/dev/null", O_RDWR);
      dup2(null, STDOUT_FILENO);
      dup2(null, STDERR_FILENO);
      auto config = "--config-file=" + (folder_ / "config");
      execlp("dbus-daemon", "dbus-daemon", "--nofork", "--nopidfile", config.c_str(), nullptr);
      _exit(127);
    }
    setenv("DBUS_SYSTEM_BUS_ADDRESS", address().c_str(), 1);
    for (int i = 0; i < 3000 && !is_listening(); ++i) {
      usleep(10'000);
    }
  }

  ~PrivateBus() {
    go_on();
    end();
    unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
  }

  PrivateBus(const PrivateBus&) = delete;
  PrivateBus& operator=(const PrivateBus&) = delete;

  /// The socket's file is there a moment before anybody listens on it.
  bool is_listening() const {
    auto path = socket();
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    Descriptor tried(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return connect(tried.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }

  std::string address() const { return "unix:path=" + socket(); }

  /// It takes nothing any more; the signal alone would let it go on for a moment.
  void stop() const {
    kill(daemon_, SIGSTOP);
    waitpid(daemon_, nullptr, WUNTRACED);
  }

  void go_on() const {
    if (daemon_ > 0) {
      kill(daemon_, SIGCONT);
    }
  }

  void end() {
    if (daemon_ > 0) {
      kill(daemon_, SIGKILL);
      waitpid(daemon_, nullptr, 0);
      daemon_ = -1;
    }
  }

  /// Whether somebody's call made the bus start ModemManager's service, or does within some hundredths of a second.
  bool was_asked_to_start(int patience = 20) const {
    for (int i = 0; i < patience; ++i) {
      if (std::filesystem::exists(folder_ / "started")) {
        return true;
      }
      usleep(10'000);
    }
    return false;
  }

  void call_manager_carelessly() const {
    auto connection = sdbus::createSystemBusConnection();
    try {
      sdbus::createProxy(std::move(connection), "org.freedesktop.ModemManager1", "/org/freedesktop/ModemManager1")
          ->callMethod("InhibitDevice")
          .onInterface("org.freedesktop.ModemManager1")
          .withTimeout(std::chrono::seconds(1))
          .withArguments(std::string("x"), true);
    } catch (const sdbus::Error&) {
      return;  // /bin/touch doesn't answer
    }
  }

private:
  std::string socket() const { return folder_ / "socket"; }

  TemporaryDirectory folder_;
  pid_t daemon_ = -1;
};

/// What ModemManager does about InhibitDevice: it knows some devices, and an inhibition ends with its caller.
class FakeModemManager {
public:
  FakeModemManager(const PrivateBus& bus, std::set<std::string> devices)
      : devices_(std::move(devices)),
        connection_(sdbus::createSessionBusConnectionWithAddress(bus.address())),
        object_(sdbus::createObject(*connection_, "/org/freedesktop/ModemManager1")),
        daemon_(sdbus::createProxy(*connection_, "org.freedesktop.DBus", "/org/freedesktop/DBus")) {
    object_->registerMethod("InhibitDevice")
        .onInterface("org.freedesktop.ModemManager1")
        .implementedAs([this](sdbus::Result<>&& result, const std::string& uid, bool inhibit) {
          answer(std::move(result), uid, inhibit);
        });
    object_->addObjectManager();
    object_->finishRegistration();
    for (const auto& device : devices_) {
      auto modem =
          sdbus::createObject(*connection_, "/org/freedesktop/ModemManager1/Modem/" + std::to_string(modems_.size()));
      modem->registerProperty("Device").onInterface("org.freedesktop.ModemManager1.Modem").withGetter([device] {
        return device;
      });
      modem->finishRegistration();
      modems_.push_back(std::move(modem));
    }
    daemon_->uponSignal("NameOwnerChanged")
        .onInterface("org.freedesktop.DBus")
        .call([this](const std::string& name, const std::string&, const std::string& now) {
          if (now.empty()) {
            left(name);
          }
        });
    daemon_->finishRegistration();
    connection_->requestName("org.freedesktop.ModemManager1");
    loop_ = std::thread([this] {
      try {
        connection_->enterEventLoop();
      } catch (const sdbus::Error&) {
        return;  // the bus has gone
      }
    });
  }

  ~FakeModemManager() {
    connection_->leaveEventLoop();
    loop_.join();
    kept_.clear();  // while there is a connection that they belong to
  }

  FakeModemManager(const FakeModemManager&) = delete;
  FakeModemManager& operator=(const FakeModemManager&) = delete;

  /// It has done looking at a device.
  void know(const std::string& uid) {
    std::lock_guard guard(lock_);
    devices_.insert(uid);
  }

  void refuse(const std::string& name, const std::string& why) {
    std::lock_guard guard(lock_);
    refusal_.emplace(name, why);
  }

  void be_silent() {
    std::lock_guard guard(lock_);
    silent_ = true;
  }

  bool inhibited(const std::string& uid) {
    std::lock_guard guard(lock_);
    return inhibited_.contains(uid);
  }

  /// Waits until it is so, at most some seconds.
  bool becomes(const std::string& uid, bool inhibited_then) {
    for (int i = 0; i < 500 && inhibited(uid) != inhibited_then; ++i) {
      usleep(10'000);
    }
    return inhibited(uid) == inhibited_then;
  }

private:
  void answer(sdbus::Result<>&& result, const std::string& uid, bool inhibit) {
    std::lock_guard guard(lock_);
    if (silent_) {
      kept_.push_back(std::move(result));
    } else if (refusal_) {
      result.returnError(*refusal_);
    } else if (!devices_.contains(uid)) {
      result.returnError(
          sdbus::Error("org.freedesktop.ModemManager1.Error.Core.NotFound", "No device found with uid '" + uid + "'"));
    } else {
      if (inhibit) {
        inhibited_[uid] = object_->getCurrentlyProcessedMessage()->getSender();
      } else {
        inhibited_.erase(uid);
      }
      result.returnResults();
    }
  }

  void left(const std::string& name) {
    std::lock_guard guard(lock_);
    std::erase_if(inhibited_, [&](const auto& one) { return one.second == name; });
  }

  std::mutex lock_;
  std::set<std::string> devices_;
  std::map<std::string, std::string> inhibited_;  ///< device -> who asked for it
  std::optional<sdbus::Error> refusal_;
  bool silent_ = false;
  std::vector<sdbus::Result<>> kept_;
  std::unique_ptr<sdbus::IConnection> connection_;
  std::unique_ptr<sdbus::IObject> object_;
  std::vector<std::unique_ptr<sdbus::IObject>> modems_;
  std::unique_ptr<sdbus::IProxy> daemon_;
  std::thread loop_;
};

}  // namespace modemedic::test
