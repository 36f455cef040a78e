#pragma once

#include "operation/backup.h"
#include "operation/save_place.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

/// What is one module's own, read and put aside before a flash: EFS2 and the calibration beside it.
namespace modemedic::operation {

/// Such a copy.
struct SavedEfs {
  std::filesystem::path file;  ///< as `modemedic backup` makes them
  BackupManifest manifest;
  std::uint64_t bytes = 0;  ///< read from the chip
  Duration time{};

  /// Sectors that could not be read.
  std::size_t unreadable() const;
  std::vector<std::string> names() const;
};

/// Those partitions of a table that hold IMEI and RF calibration, in order of their place.
firmware::PartitionTable own_partitions(const firmware::PartitionTable& table);

/// "EFS2, RAWDATA and sec, 19 MiB, about 3 s"; empty when the table has none.
std::string told_to_save(const firmware::PartitionTable& table, const Geometry& geometry);

/// Reads them into a new backup, and verifies that. Nothing is left behind when that fails.
/// @param chip  with the table to go by
/// @param also  partitions of it that are read besides, by their exact names
/// @return Code::refused (rule efs) when the table has none, Code::device_refused when the programmer can't read,
///         Code::io, Code::permission; what ends a flash too: Code::modem_lost, Code::timeout, Code::interrupted
Result<SavedEfs> save_efs(const ReadableChip& chip, const SavePlace& place, const std::vector<std::string>& also,
                          const Clock& clock, Events& events, const std::stop_token& stop);

/// Reads a piece of it once more.
/// @return whether it is, byte for byte, as it was saved; what keeps the chip from being read
Result<bool> still_the_same(const SavedEfs& saved, const BackupPiece& piece, FirehoseLink& link,
                            const std::stop_token& stop);

}  // namespace modemedic::operation
