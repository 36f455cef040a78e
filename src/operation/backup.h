#pragma once

#include "base/events.h"
#include "operation/backup_manifest.h"
#include "operation/identify.h"
#include "operation/read_sectors.h"
#include "operation/run_firehose.h"
#include "plan/plan.h"

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::operation {

/// A chip that can be read, and who it is.
struct ReadableChip {
  FirehoseLink& link;
  const Identity& identity;
  const plan::ChipReport& storage;
  const firmware::PartitionTable& table;  ///< empty: the chip has none
  std::string programmer;
  std::string programmer_digest;
};

struct BackupOptions {
  std::filesystem::path out;            ///< must not exist
  std::vector<std::string> partitions;  ///< exact names; empty: the whole chip
  std::string time;                     ///< now, UTC, ISO 8601
};

struct BackupReport {
  BackupManifest manifest;
  std::size_t resumed = 0;  ///< pieces that a backup that was cut had read already
  std::uint64_t bytes = 0;  ///< read from the chip
};

/// Reads a chip, or partitions of it, into one file that says of itself what it is, and verifies that. What has been
/// read lies in `OUT.partial` until then: a backup of the same chip that was cut goes on from there, piece by piece,
/// but reads anew what a modem changes while it runs.
/// @return Code::usage when the file is there, a partition isn't, or OUT.partial is another chip's; Code::io;
///         Code::interrupted; what keeps the chip from being read
Result<BackupReport> make_backup(const ReadableChip& chip, const BackupOptions& options, Events& events,
                                 const std::stop_token& stop);

}  // namespace modemedic::operation
