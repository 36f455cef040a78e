#pragma once

#include "base/error.h"
#include "base/units.h"
#include "firmware/package.h"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::plan {

/// By what protocols a package goes onto a modem.
enum class Method {
  firehose,  ///< EDL, Sahara, a Firehose programmer: wherever there is a programmer
  fastboot,  ///< the boot loader's fastboot: never touches the partition table or EFS
  download,  ///< the boot loader's part by download mode and a streaming loader, the rest by fastboot
};

/// "firehose", "fastboot", "download".
std::string_view name(Method method);

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

    // The ways without Firehose.
    to_fastboot,   ///< from wherever: AT+QFASTBOOT, or what a boot loader comes up with by itself
    to_download,   ///< running modem: DIAG's switch to download mode
    load,          ///< DLOAD: the streaming loader into the modem's memory, and GO
    table,         ///< streaming: hello, security mode, partition table
    stream,        ///< streaming: open (which erases the partition), write, close
    stream_erase,  ///< streaming: open (which erases the partition), a page of 0xFF, close: nothing is left in it
    leave_loader,  ///< streaming: reset
    flash_erase,   ///< fastboot: erase of one partition
    flash,         ///< fastboot: download and flash of one image
    reboot,        ///< fastboot: the only thing that clears the flag that brings a modem back there
  };

  Kind kind = Kind::erase;
  std::string what;         ///< for a person: "erase SBL"
  std::string name;         ///< partition, for erase, prove_erased and program
  SectorRange range;        ///< sectors touched (program: what the image covers)
  std::size_t image = 0;    ///< program, stream, flash: index into Package::images
  std::size_t command = 0;  ///< erase: index into Package::commands; a program's when no erase names its partition
  std::string cut_leaves;   ///< the modem after a cut during this step
  std::string go_on;        ///< how to continue from there
  bool no_return = false;   ///< from here on the old firmware is gone
  /// It erases IMEI and calibration when the modem is not as is hoped, and nobody can tell before: rule efs.
  bool may_wipe = false;
};

/// What a kind of step is called in JSON and in journals: "switch", "erase", …
std::string_view id_of(Step::Kind kind);

/// The whole way of one package onto one modem. Only prove_plan() makes a ProvenPlan of it, and only a ProvenPlan
/// can be walked.
struct Plan {
  std::vector<Step> steps;
  Geometry geometry;
  Method method = Method::firehose;
};

/// The method that is taken where nobody says another, and the modem's state leaves the choice: firehose where there
/// is a programmer, else fastboot, the gentlest.
Method usual_method(const firmware::Package& package);

/// Images (indexes into Package::images) that were read back from this very chip: each is whole in its partition, and
/// nothing is behind it. What a flash that was cut has left, and the next one needn't send again.
using Standing = std::set<std::size_t>;

/// @param standing  what need not be written again; an image whose partition another command of the package erases is
///                  written all the same, and so is SBL
/// @return the safe order: SBL's erase first and proven, the other erases, the programs in the source's own order,
///         MIBIB next to last, SBL last. Code::refused (rule efs, partition or erase-all) and Code::package_bad for a
///         package that asks for what no flash may do
/// @param method  nothing: the usual one
Result<Plan> make_plan(const firmware::Package& package, const Standing& standing = {},
                       std::optional<Method> method = std::nullopt);

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
