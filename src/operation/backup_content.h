#pragma once

#include "operation/backup_file.h"
#include "operation/write_pieces.h"

#include <memory>
#include <vector>

/// What a backup holds, as something that can go back onto its chip.
namespace modemedic::operation {

/// How many pages of each block a backup holds: up to the last that was not erased.
class UsedPages {
public:
  explicit UsedPages(const BackupManifest& manifest)
      : manifest_(manifest), fill_(std::byte{manifest.fill}), used_(manifest.geometry.blocks) {}

  /// As BackupFile::verify() shows them.
  void take(Sectors sector, ByteView bytes);

  /// What of a piece has to be programmed.
  /// @param bad_now  blocks of the chip, ascending
  /// @return Code::refused (rule bad-blocks) when there is something for a block that is bad now
  Result<std::vector<SectorRange>> runs(const BackupPiece& piece, const std::vector<std::uint64_t>& bad_now) const;

private:
  const BackupManifest& manifest_;
  std::byte fill_;
  std::vector<std::uint64_t> used_;
};

/// The sectors of a piece one after the other, those of its erased tail too.
/// @param backup  must outlive it; one piece at a time
Result<std::unique_ptr<PieceContent>> content_of(BackupFile& backup, const BackupPiece& piece);

}  // namespace modemedic::operation
