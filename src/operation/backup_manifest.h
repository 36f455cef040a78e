#pragma once

#include "base/error.h"
#include "base/units.h"
#include "firmware/partition.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::operation {

/// A range of the chip in a backup, usually a partition.
struct BackupPiece {
  std::string name;                            ///< the partition's, as the table spells it
  std::string file = {};                       ///< in the zip: "data/02-EFS2.bin"
  SectorRange range;                           ///< where it was
  std::uint64_t stored = 0;                    ///< sectors that are in the file; those behind them were erased
  std::string digest = {};                     ///< SHA-256 of the file, hex digits
  std::vector<std::uint64_t> unreadable = {};  ///< sectors of the chip that could not be read, ascending
  std::string time = {};                       ///< when it was read, UTC, ISO 8601

  bool operator==(const BackupPiece&) const = default;
};

/// What a backup says of itself: manifest.json (docs/backup.md).
struct BackupManifest {
  static constexpr int form = 1;  ///< a later form has another number

  std::string made_by;  ///< "modemedic 0.1.0"
  std::string time;
  std::string imei;  ///< what was not known is empty
  std::string model;
  std::string revision;
  std::string chip_serial;  ///< eight hex digits
  std::string hwid;         ///< sixteen hex digits
  std::string pk_hash;
  Geometry geometry;
  std::uint8_t fill = 0xFF;  ///< what erased pages read as
  std::vector<std::uint64_t> bad_blocks;
  firmware::PartitionTable table;  ///< empty: the chip had none
  std::string programmer;          ///< its name
  std::string programmer_digest;   ///< SHA-256, hex digits
  std::vector<BackupPiece> pieces;

  bool operator==(const BackupManifest&) const = default;
};

constexpr std::size_t longest_manifest = 4194304;  ///< bytes

std::string manifest_text(const BackupManifest& manifest);

/// Reads it strictly: numbers within the chip, pieces that don't overlap, paths that stay inside.
/// @return Code::package_bad; for a later form with the hint to use a later modemedic
Result<BackupManifest> parse_manifest(std::string_view text);

/// One piece alone: what a backup that was cut left beside its data.
std::string piece_text(const BackupPiece& piece);
Result<BackupPiece> parse_piece(std::string_view text);

/// The file's name in the zip.
std::string piece_file(std::size_t number, std::string_view partition);

}  // namespace modemedic::operation
