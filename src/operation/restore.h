#pragma once

#include "operation/backup_file.h"
#include "operation/chip_table.h"
#include "operation/identify.h"
#include "operation/journal_store.h"
#include "operation/read_sectors.h"
#include "operation/run_firehose.h"
#include "plan/restore.h"

#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::operation {

/// The chip that a backup is to go back to, as it told of itself.
struct RestoreTarget {
  FirehoseLink& link;
  const Identity& identity;
  const plan::ChipReport& storage;
  const ChipTable& table;
};

/// A backup and the very chip it was made of: what erases and programs takes one, and nothing but admit_restore() makes
/// one. Nothing lifts what it refuses.
class RestoreAdmission {
public:
  const plan::ProvenRestore& plan() const { return plan_; }

  /// Index into the manifest's pieces, of each piece of the job.
  const std::vector<std::size_t>& pieces() const { return pieces_; }

private:
  friend Result<RestoreAdmission> admit_restore(const RestoreTarget&, BackupFile&, const std::vector<std::string>&,
                                                const std::stop_token&);

  RestoreAdmission(plan::ProvenRestore plan, std::vector<std::size_t> pieces)
      : plan_(std::move(plan)), pieces_(std::move(pieces)) {}

  plan::ProvenRestore plan_;
  std::vector<std::size_t> pieces_;
};

/// Is this backup of this very chip, and can it go back? Same serial (or, where a chip tells none, the same IMEI), same
/// geometry, same partition table or none on the chip. All of the backup is read and verified, then planned and proven.
/// @param partitions  which pieces, by name; empty: all. SBL comes along with whatever the modem boots with
/// @return Code::refused with rule `other-module`, `partition-table`, `bad-blocks`, `unreadable`;
///         Code::geometry_mismatch; Code::package_bad; Code::usage for a piece that isn't in it
Result<RestoreAdmission> admit_restore(const RestoreTarget& target, BackupFile& backup,
                                       const std::vector<std::string>& partitions, const std::stop_token& stop);

/// Walks the plan: erases, programs, and reads every piece back. The modem is not reset.
/// @return the first failure; its hint says how to go on
Result<void> restore(const RestoreTarget& target, const RestoreAdmission& admission, BackupFile& backup,
                     JournalStore* journals, const std::string& time, const std::string& port, const std::string& path,
                     const Clock& clock, Events& events, const std::stop_token& stop);

}  // namespace modemedic::operation
