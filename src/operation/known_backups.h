#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace modemedic::operation {

/// Whose backup is looked for; what is not known is empty.
struct BackupOwner {
  std::string chip_serial;  ///< eight hex digits
  std::string imei;
};

/// The newest backup in a folder that is this module's, holds an EFS2 that is not blank and has an IMEI of its own, and
/// is whole: all of it is read. What is not understood is passed over.
/// @return its path; nothing when there is none, or nobody is asked for
std::optional<std::filesystem::path> find_backup(const std::filesystem::path& folder, const BackupOwner& owner,
                                                 const std::stop_token& stop);

}  // namespace modemedic::operation
