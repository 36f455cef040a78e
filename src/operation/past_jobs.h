#pragma once

#include "base/events.h"
#include "operation/journal_store.h"
#include "protocol/sahara_host.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace modemedic::operation {

/// What a journal tells of a job. All of it is a hint: a journal may be old, torn, or edited.
struct PastJob {
  std::string journal;                ///< its file's name
  std::string command;                ///< "flash"
  std::string time;                   ///< UTC, ISO 8601
  std::string port;                   ///< where the modem was
  std::string package;                ///< path
  std::string target;                 ///< the revision that it was to bring; empty: not known
  std::string plan;                   ///< plan::digest_of()
  std::string revision;               ///< of the modem before; empty when it couldn't be asked
  std::string imei;                   ///< likewise
  std::string chip_serial;            ///< eight hex digits; empty when the job did not get so far
  std::set<std::string> erased;       ///< partitions whose erase was begun
  std::set<std::string> programmed;   ///< partitions whose image was written
  std::optional<std::string> result;  ///< "ok" or "failed"; nothing when the job was cut

  /// It changed the modem and did not end well.
  bool unfinished() const { return !erased.empty() && result != "ok"; }
};

/// Reads the latest journals. One that is no journal, or one of a later form, is left alone and said; lines that are
/// torn or unknown are skipped.
/// @param most  how many journals are looked at
std::vector<PastJob> read_past_jobs(const JournalStore& store, std::size_t most, Events& events);

/// The latest job of this very chip, if it did not end well. A chip that doesn't tell its serial (its programmer runs
/// already) is looked for by its port: who finds it so knows where to look, not whom it is.
/// @return nullptr when there is none
const PastJob* unfinished_job(const std::vector<PastJob>& jobs, const protocol::ChipIdentity& chip,
                              const std::string& port);

/// Whether the latest job on this port was cut before it erased anything: what runs there now, if it is that modem, is
/// as that job found it.
bool was_cut_before_erasing(const std::vector<PastJob>& jobs, const std::string& port);

}  // namespace modemedic::operation
