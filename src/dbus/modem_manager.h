#pragma once

#include "base/clock.h"
#include "base/error.h"

#include <memory>
#include <string>

namespace modemedic::dbus {

/// Whether a running ModemManager has this device as a modem: then its ports are in use, also where this user may not
/// see who has them open. One that isn't running isn't started for it; no answer in time counts as no.
/// @param uid  as in Inhibition::ask()
bool modem_manager_has(const std::string& uid, Duration patience);

/// ModemManager's promise to leave a device alone, over the system's D-Bus. It binds the promise to our connection:
/// closing that ends it, and so does our death.
class Inhibition {
public:
  /// How asking for one ended.
  enum class Outcome {
    inhibited,       ///< it leaves the device alone from now on
    nobody_there,    ///< no D-Bus, or no ModemManager on it: nobody has to be told
    unknown_device,  ///< it doesn't have this device, or doesn't have it yet
    refused,         ///< it won't: we lack the right, or it failed
    silent,          ///< no answer in time
  };

  struct Asked;

  /// Asks a running ModemManager; one that isn't running isn't started for it. Takes no longer than `patience`.
  /// @param uid  the physical device: its path in /sys, or what udev calls ID_MM_PHYSDEV_UID
  static Asked ask(const std::string& uid, Duration patience);

  ~Inhibition();
  Inhibition(const Inhibition&) = delete;
  Inhibition& operator=(const Inhibition&) = delete;

private:
  class Connection;
  explicit Inhibition(std::unique_ptr<Connection> connection);
  static Asked ask_now(const std::string& uid, Duration patience);

  std::unique_ptr<Connection> connection_;
};

struct Inhibition::Asked {
  Outcome outcome = Outcome::nobody_there;
  std::unique_ptr<Inhibition> inhibition;  ///< when it is inhibited
  std::string why;                         ///< its own words, when it isn't: hostile, print through printable()
};

}  // namespace modemedic::dbus
