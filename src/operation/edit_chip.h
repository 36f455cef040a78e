#pragma once

#include "operation/efs_guard.h"
#include "operation/gate.h"
#include "operation/restore.h"

#include <filesystem>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

/// What a person does to one partition of a chip by hand.
namespace modemedic::operation {

struct ChipEdit {
  std::string name;                           ///< the partition's; empty: a range of sectors by its numbers
  SectorRange range;                          ///< whole blocks
  std::optional<std::filesystem::path> file;  ///< an image, which bad blocks push on as in a flash; nothing: erase only
};

/// A chip and a change of it that may go together: what erases and programs takes one, and nothing but admit_edit()
/// makes one.
class EditAdmission {
public:
  const plan::ProvenRestore& plan() const { return plan_; }

  /// SBL is taken off while the rest changes, and put back last.
  bool takes_sbl_off() const { return plan_.job().pieces.size() > 1; }

  const std::set<std::string>& lifted() const { return lifted_; }

private:
  friend Result<EditAdmission> admit_edit(const RestoreTarget&, const ChipEdit&, const GateOptions&, EfsGuard&, Events&,
                                          const std::stop_token&);

  EditAdmission(plan::ProvenRestore plan, std::set<std::string> lifted)
      : plan_(std::move(plan)), lifted_(std::move(lifted)) {}

  plan::ProvenRestore plan_;
  std::set<std::string> lifted_;
};

/// Lets the rules speak, saves what is the module's own, plans and proves. A partition that the modem boots with
/// changes only while SBL is off, so that a cut leaves a modem that waits in EDL by itself: SBL is read into that
/// backup first, too.
/// @param guard  not yet met the chip; set up to save `SBL` besides
/// @return Code::refused with rule `efs`, `other-module`, `erase-all`, `partition`, `bad-blocks`; Code::package_bad for
///         a file that can't be what it is for; Code::usage; Code::io
Result<EditAdmission> admit_edit(const RestoreTarget& target, const ChipEdit& edit, const GateOptions& options,
                                 EfsGuard& guard, Events& events, const std::stop_token& stop);

/// Where and as what the job is written down.
struct EditJob {
  JournalStore* journals = nullptr;
  std::string time;  ///< now, UTC, ISO 8601
  std::string port;
  const Clock& clock;
};

/// Walks the plan, reads back what was written, and compares what is the module's own. The modem is not reset.
/// @return the first failure; its hint says how to go on
Result<void> edit_chip(const RestoreTarget& target, const EditAdmission& admission, const ChipEdit& edit,
                       EfsGuard& guard, const EditJob& job, Events& events, const std::stop_token& stop);

}  // namespace modemedic::operation
