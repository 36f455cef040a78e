#pragma once

#include "base/events.h"
#include "operation/modem_record.h"
#include "usb/fingerprint.h"

#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace modemedic::operation {

/// A modem that was seen now.
struct Sight {
  const usb::DeviceInfo& device;
  std::string state;         ///< knowledge::name()
  const Identity& identity;  ///< what it said of itself; empty fields where it could not be asked
  std::string time;          ///< now, UTC, ISO 8601
};

/// What is remembered of modems: one small file each, in a folder.
///
/// A modem is known again for certain by its IMEI or its chip's serial, unless the other of the two contradicts. That
/// one was seen on the same port is a hint and never proof: another modem may sit there by now.
///
/// What can't be kept stops no work: that is said once. A file that can't be understood is renamed, said, and never
/// written over. For one thread; two processes may work in one folder, the later one's word counts.
class ModemRecords {
public:
  /// @param folder  made when something is to be kept; empty: nothing is kept, and nothing known
  /// @param bus     which bus the ports are of: "usb", "usbip:HOST:PORT"
  ModemRecords(std::filesystem::path folder, std::string bus, Events& events);

  struct Known {
    ModemRecord record;
    bool certain = false;  ///< false: nothing but the port says so
  };

  /// The modem as it was known before.
  std::optional<Known> known_before(const usb::DeviceInfo& device, const Identity& identity);

  /// Remembers what was seen of a modem. One that tells neither IMEI nor chip serial is remembered by its port.
  void saw(const Sight& sight);

  /// Remembers what was done with it.
  void did(const Sight& sight, const JobDone& job);

  /// All that is remembered, in no particular order.
  std::vector<ModemRecord> all();

private:
  struct Entry {
    std::string name;  ///< of the file
    ModemRecord record;
  };

  void load();
  std::optional<ModemRecord> read(const std::string& name);
  void set_aside(const std::string& name, const BadRecord& bad);
  std::vector<Entry*> matching(const Identity& identity);
  Entry* last_on_port(const std::string& port);
  Entry& entry_for(const Sight& sight, bool& by_port);
  Entry& join(const std::vector<Entry*>& matches);
  void remember(const Sight& sight, const std::function<void(ModemRecord&)>& more);
  std::string free_name(const std::string& stem) const;
  void complain(const std::string& what);

  std::filesystem::path folder_;
  std::string bus_;
  Events& events_;
  std::deque<Entry> entries_;
  bool loaded_ = false;
  bool complained_ = false;
};

}  // namespace modemedic::operation
