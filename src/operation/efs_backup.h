#pragma once

#include "operation/efs_archive.h"
#include "operation/find_modem.h"
#include "usb/bus.h"

#include <cstdint>
#include <filesystem>
#include <stop_token>

namespace modemedic::operation {

/// Reads the files and the NV items of a modem that runs into a new archive. It goes on running, and nothing is written
/// to it.
/// @param out  must not exist
/// @return what the archive is about; Code::refused (rule mode) for a modem that does not run; Code::no_modem when it
///         shows no DIAG interface; as walk_efs(). Nothing is left behind when it fails
Result<EfsArchive::About> backup_efs(usb::Bus& bus, const Found& modem, const std::filesystem::path& out,
                                     const std::string& time, Events& events, const std::stop_token& stop);

/// The interface over which a modem shows its files.
/// @return Code::refused (rule mode) for a modem that does not run; Code::no_modem when it shows no DIAG interface
Result<std::uint8_t> interface_for_files(const Found& modem);

/// The same of a modem that is reserved already, and has told who it is as far as it does.
/// @param archive  new; closed when this ends well
/// @return as backup_efs()
Result<EfsArchive::About> copy_efs(usb::Bus& bus, const Found& modem, const Identity& identity, EfsArchive archive,
                                   const std::string& time, Events& events, const std::stop_token& stop);

}  // namespace modemedic::operation
