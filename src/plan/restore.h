#pragma once

#include "plan/plan.h"

#include <cstdint>
#include <string>
#include <vector>

namespace modemedic::plan {

/// A piece of the chip that is erased, and gets what it shall hold: mostly what a backup has of it.
struct RestorePiece {
  std::string name;
  SectorRange range;              ///< is erased
  std::vector<SectorRange> runs;  ///< are programmed: each from a block's start, through good blocks only
  std::string verb = "restore";   ///< of the step: "restore EFS2"
};

/// What a restore is to do on one chip.
struct RestoreJob {
  Geometry geometry;
  std::vector<RestorePiece> pieces;
  std::vector<std::uint64_t> bad_blocks;                ///< of the chip as it is now, ascending
  std::string go_on = "restore the same backup again";  ///< after a cut
};

/// The safe order, as of a flash: SBL's erase first and proven, the other erases, the programs, MIBIB next to last, SBL
/// last. Step::image is the piece.
/// @return Code::refused when pieces that the boot chain needs are to be written without SBL: a cut would then leave a
///         modem that the boot ROM starts and that does not run
Result<Plan> make_restore_plan(const RestoreJob& job);

/// A plan that has been shown to be right for this job.
class ProvenRestore {
public:
  const Plan& plan() const { return plan_; }

  const RestoreJob& job() const { return job_; }

private:
  friend Result<ProvenRestore> prove_restore(Plan plan, RestoreJob job);

  ProvenRestore(Plan plan, RestoreJob job) : plan_(std::move(plan)), job_(std::move(job)) {}

  Plan plan_;
  RestoreJob job_;
};

/// Shows that every run ends on the chip in its place, that none is programmed over what was not erased or in a bad
/// block, that nothing outside the pieces is touched, that the whole chip is never erased at once, and that SBL is
/// absent whenever anything that the boot chain needs is incomplete.
/// @return Code::plan_unproven with the first sector at fault
Result<ProvenRestore> prove_restore(Plan plan, RestoreJob job);

}  // namespace modemedic::plan
