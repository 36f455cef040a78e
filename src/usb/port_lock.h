#pragma once

#include "base/clock.h"
#include "usb/bus.h"
#include "usb/lock_file.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace modemedic::usb {

/// Who holds a port, as a lock file tells it.
struct PortHolder {
  Purpose purpose = Purpose::job;
  long process = 0;
  std::int64_t since = 0;  ///< seconds since 1970, UTC
  std::string command;
};

/// What stands in a lock file: "modemedic job\nprocess 4711\nsince 1714567402\ncommand modemedic flash fw.zip\n".
std::string to_text(const PortHolder& holder);

/// What a text that anybody may have written says of its holder. What is missing or makes no sense stays as it is by
/// default; the command is safe to print.
PortHolder parse_holder(const std::string& text);

/// Folders that every user of this machine may write into. A port is locked in all of them that can be used: where
/// one may be written by root alone, root and other users still meet in the other.
const std::vector<std::filesystem::path>& shared_folders();

/// Keeps a second modemedic of this machine off a modem: a lock for each port that it may turn up on.
class PortLock final : public Reservation {
public:
  /// @param bus      what tells this bus from others: "usb", "usbip-127.0.0.1-3240"
  /// @param purpose  a question that somebody else asks now is waited for; a job is not
  /// @return Code::busy, saying who has it since when; Code::permission; Code::io when no folder takes a lock file
  static Result<std::unique_ptr<PortLock>> take(const std::string& bus, const DeviceInfo& device, Purpose purpose,
                                                const Clock& clock,
                                                const std::vector<std::filesystem::path>& folders = shared_folders());

private:
  Result<void> lock(const std::string& bus, const DeviceInfo& device, Purpose purpose, const Clock& clock,
                    const std::vector<std::filesystem::path>& folders);

  std::vector<LockFile> files_;
};

}  // namespace modemedic::usb
