#pragma once

#include "base/error.h"
#include "base/units.h"
#include "firmware/package.h"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::plan {

/// One thing that will be done, and what a cut in the middle of it means.
struct Step {
  enum class Kind {
    switch_to_edl,  ///< running modem: DIAG command, then 05c6:9008 appears on the same port
    upload,         ///< Sahara: the programmer
    configure,      ///< Firehose: payload size
    ask_chip,       ///< geometry and bad blocks, checked against the plan before anything is erased
    erase,          ///< a range
    prove_erased,   ///< read the range back: all of it must be blank
    program,        ///< an image into its partition
    reset,          ///< power reset
    prove,          ///< AT answers: revision, IMEI as before, CFUN
  };

  Kind kind = Kind::erase;
  std::string what;         ///< for a person: "erase SBL"
  std::string name;         ///< partition, for erase, prove_erased and program
  SectorRange range;        ///< sectors touched (program: what the image covers)
  std::size_t image = 0;    ///< program: index into Package::images
  std::size_t command = 0;  ///< erase: index into Package::commands; a program's when no erase names its partition
  std::string cut_leaves;   ///< the modem after a cut during this step
  std::string go_on;        ///< how to continue from there
  bool no_return = false;   ///< from here on the old firmware is gone
};

/// What a kind of step is called in JSON and in journals: "switch", "erase", …
std::string_view id_of(Step::Kind kind);

/// The whole way of one package onto one modem. Only prove_plan() makes a ProvenPlan of it, and only a ProvenPlan
/// can be walked.
struct Plan {
  std::vector<Step> steps;
  Geometry geometry;
};

/// Images (indexes into Package::images) that were read back from this very chip: each is whole in its partition, and
/// nothing is behind it. What a flash that was cut has left, and the next one needn't send again.
using Standing = std::set<std::size_t>;

/// @param standing  what need not be written again; an image whose partition another command of the package erases is
///                  written all the same, and so is SBL
/// @return the safe order: SBL's erase first and proven, the other erases, the programs in the source's own order,
///         MIBIB next to last, SBL last. Code::refused (rule efs, partition or erase-all) and Code::package_bad for a
///         package that asks for what no flash may do
Result<Plan> make_plan(const firmware::Package& package, const Standing& standing = {});

/// A plan that has been shown to be right for this package.
class ProvenPlan {
public:
  const Plan& plan() const { return plan_; }

private:
  friend Result<ProvenPlan> prove_plan(Plan plan, const firmware::Package& package, const Standing& standing);

  explicit ProvenPlan(Plan plan) : plan_(std::move(plan)) {}

  Plan plan_;
};

/// Shows that every sector an image is written to ends holding that image, that none is programmed without having
/// been erased, that nothing outside the named ranges is touched, that each image fits its partition, that the MIBIB
/// agrees, and that SBL is absent (so the boot ROM falls into EDL by itself) whenever anything else is incomplete.
/// @param standing  images that are on the chip before the plan begins
/// @return Code::plan_unproven with the first sector and step at fault
Result<ProvenPlan> prove_plan(Plan plan, const firmware::Package& package, const Standing& standing = {});

/// SHA-256 (hex) over all that a plan does and the digests of what it writes: two jobs with the same one do the same.
std::string digest_of(const Plan& plan, const firmware::Package& package);

/// What getstorageinfo told of the chip.
struct ChipReport {
  Geometry geometry;
  std::vector<std::uint64_t> bad_blocks;  ///< block numbers, ascending
};

/// Does this plan fit this very chip? Page and block size equal, and in each partition image blocks + bad blocks <=
/// its blocks: a programmer skips bad blocks silently and spills over the partition's end (facts: trap 2).
/// @return Code::geometry_mismatch, or Code::refused (rule bad-blocks) naming the partition
Result<void> check_chip(const ProvenPlan& plan, const firmware::Package& package, const ChipReport& chip);

}  // namespace modemedic::plan
