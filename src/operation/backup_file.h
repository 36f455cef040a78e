#pragma once

#include "firmware/source.h"
#include "operation/backup_manifest.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace modemedic::operation {

/// A backup that was made, to be read again. Nothing in it is believed before verify().
class BackupFile {
public:
  /// @return Code::package_bad: cut, changed, no backup, one of a later form, paths that climb out; Code::io
  static Result<BackupFile> open(const std::string& path);

  const BackupManifest& manifest() const { return manifest_; }

  /// What is told each sector of a piece that is stored, in order.
  using Look = std::function<void(const BackupPiece& piece, Sectors sector, ByteView bytes)>;

  /// Reads all of it and compares it with its digests.
  /// @return Code::package_bad naming the piece; Code::interrupted
  Result<void> verify(const std::stop_token& stop, const Look& look = {});

  /// The bytes of a piece from start to end; one at a time.
  Result<std::unique_ptr<firmware::Stream>> stream(const BackupPiece& piece);

private:
  BackupFile() = default;

  Result<void> check_entries() const;

  std::unique_ptr<firmware::Source> source_;
  BackupManifest manifest_;
};

}  // namespace modemedic::operation
