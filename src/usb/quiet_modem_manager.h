#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/events.h"
#include "dbus/modem_manager.h"
#include "usb/fingerprint.h"
#include "usb/sysfs.h"

#include <filesystem>
#include <memory>
#include <string>

namespace modemedic::usb {

/// What ModemManager calls the device at a port: ID_MM_PHYSDEV_UID where udev sets one, else its path in /sys. Empty
/// when there is no such device, or udev tells ModemManager to ignore it.
/// @param udev  where udev keeps what it knows of devices
std::string modem_manager_uid(const std::string& port, const Sysfs& sysfs,
                              const std::filesystem::path& udev = "/run/udev/data");

/// For a question, which is not worth taking a modem away from ModemManager: does it have this one?
/// @return Code::busy, with the ways out
Result<void> respect_modem_manager(const DeviceInfo& device, const Sysfs& sysfs);

/// Has ModemManager leave a modem alone; waits where it is still probing it. That it can't be had is told, and stops
/// nobody: what it then holds will be found when it is claimed.
/// @return nothing when there is nothing to hold
std::unique_ptr<dbus::Inhibition> quiet_modem_manager(const DeviceInfo& device, const Sysfs& sysfs, const Clock& clock,
                                                      Events& events);

}  // namespace modemedic::usb
