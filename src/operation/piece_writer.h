#pragma once

#include "base/descriptor.h"
#include "base/digest.h"
#include "operation/backup_manifest.h"

#include <filesystem>
#include <optional>

namespace modemedic::operation {

/// Takes the sectors of one piece as they come and writes them to a file, without the erased ones at the end: those are
/// only counted.
class PieceWriter {
public:
  PieceWriter(std::filesystem::path path, SectorRange range, const Geometry& geometry);

  /// Without it nothing is written: only what the piece holds is found out.
  Result<void> open();
  Result<void> take(ByteView bytes);

  /// The file, if any, is safe on disk; fills in what the piece holds.
  Result<void> finish(BackupPiece& piece);

  /// What the erased tail read as; nothing when there is none.
  std::optional<std::byte> fill() const { return tail_fill_; }

private:
  Result<void> take_sector(ByteView sector);
  Result<void> write(ByteView bytes);

  std::filesystem::path path_;
  SectorRange range_;
  Geometry geometry_;
  Descriptor file_;
  Hasher<Sha256> hasher_;
  Buffer sector_;                       ///< what came of the next one
  std::optional<std::byte> tail_fill_;  ///< of the erased sectors that came last
  std::uint64_t tail_ = 0;              ///< how many they are
  std::uint64_t seen_ = 0;              ///< sectors
  std::vector<std::uint64_t> unreadable_;
};

}  // namespace modemedic::operation
