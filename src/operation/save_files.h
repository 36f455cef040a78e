#pragma once

#include "operation/efs_archive.h"
#include "operation/find_modem.h"
#include "operation/save_place.h"
#include "usb/bus.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

/// What is one module's own, copied over DIAG while it still runs: files and NV items. A flash by fastboot or download
/// mode leaves for where nobody can read the chip.
namespace modemedic::operation {

/// Such a copy. It can be looked at and compared, and a service tool may make use of it; nothing here writes it back.
struct SavedFiles {
  std::filesystem::path file;  ///< as `modemedic backup --efs` makes them
  EfsArchiveContent content;   ///< as it was read again
  std::uint64_t bytes = 0;     ///< in files
  Duration time{};

  /// "10 files and 1 NV items in /…/backups/port-1-1_2026-11-21T093000Z.tar"
  std::string told() const;
};

/// A flash that is about to leave the running modem.
struct Leaving {
  const Found& modem;        ///< reserved
  const Identity* identity;  ///< as it told, now; nullptr: it did not
  SavePlace place;           ///< without a folder nothing is copied: the person said so
  bool may_be_lost = false;  ///< by what comes
  bool copy_named = false;   ///< the person named a copy that was made before
};

/// Copies and verifies it. What keeps it from that is told, and keeps no flash that leaves it alone from going on.
/// @return nothing when there is no copy, and none is needed; Code::refused with rule efs and why it could not be made
///         when one is; what ends the flash as well: Code::modem_lost, Code::interrupted
Result<std::optional<SavedFiles>> save_files(usb::Bus& bus, const Leaving& leaving, Events& events,
                                             const std::stop_token& stop);

}  // namespace modemedic::operation
