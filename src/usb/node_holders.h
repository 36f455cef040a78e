#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace modemedic::usb {

/// A process that has a device node open.
struct NodeHolder {
  long process = 0;
  std::string name;  ///< hostile: print through printable()
  std::string node;
};

/// What a process is called; empty when it isn't there. Hostile, as above.
std::string process_name(long process, const std::filesystem::path& proc = "/proc");

/// Who else has one of these nodes open, by /proc (Linux). Only processes that this user may look into are seen, which
/// is all of them for root.
std::vector<NodeHolder> holders_of(const std::vector<std::string>& nodes, const std::filesystem::path& proc = "/proc");

/// "/dev/ttyUSB2 is open in ModemManager (process 612)", for all of them.
std::string describe(const std::vector<NodeHolder>& holders);

}  // namespace modemedic::usb
