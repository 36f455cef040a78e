#include "firmware/package_geometry.h"
#include "firmware/partition_role.h"
#include "plan/plan.h"
#include "plan/ranges.h"
#include "plan/sector_map.h"
#include "plan/streaming_plan.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::describe;
using firmware::Image;
using firmware::Package;
using firmware::RawCommand;
using firmware::Role;
using firmware::role_of;

namespace {

/// Content of a sector: an image by its index, or one of these.
using Content = std::int64_t;
constexpr Content old_firmware = -1;
constexpr Content erased = -2;

bool changes_chip(const Step& step) {
  return step.kind == Step::Kind::erase || step.kind == Step::Kind::program;
}

/// Walks a plan over an abstract chip, one step after another, and stops at the first thing that is not right. Knows
/// nothing of how the plan was made.
class Walk {
public:
  Walk(const Package& package, const Geometry& geometry, const Standing& standing)
      : package_(package), geometry_(geometry), standing_(standing), chip_(old_firmware) {}

  Result<void> prove(const std::vector<Step>& steps) {
    TRY(check_package());
    TRY(take_standing());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      number_ = i + 1;
      step_ = &steps[i];
      TRY(take(steps[i]));
    }
    number_ = 0;
    return check_end();
  }

private:
  Failure wrong(const std::string& text) const {
    auto where = number_ == 0 ? std::string("at the end") : fmt::format("step {} ({})", number_, step_->what);
    return fail(Code::plan_unproven)
        .what(fmt::format("{}: {}", where, text))
        .hint("the plan is not safe, so nothing was sent to the modem; please report it with the package's name");
  }

  /// What the walk stands on: every program is an image, on a partition of the table that the package itself brings.
  Result<void> check_package() {
    if (!(geometry_ == package_.geometry) || geometry_.page_size == 0 || geometry_.pages_per_block == 0) {
      return wrong("the plan was made for another geometry than the package's");
    }
    for (std::size_t i = 0; i < package_.commands.size(); ++i) {
      auto meant = std::count_if(package_.images.begin(), package_.images.end(),
                                 [i](const Image& image) { return image.command == i; });
      if (meant != (package_.commands[i].kind == RawCommand::Kind::program ? 1 : 0)) {
        return wrong(fmt::format("command {} of the package has {} images", i + 1, meant));
      }
    }
    for (const auto& image : package_.images) {
      TRY(check_image(image));
      sbl_ = role_of(image.partition) == Role::sbl ? &image : sbl_;
    }
    if (sbl_ == nullptr || sbl_->range.start.n != 0) {
      return wrong("the package has no SBL for sector 0");
    }
    return {};
  }

  Result<void> check_image(const Image& image) const {
    auto agrees = [&](const firmware::Partition& p) { return p.name == image.partition && p.range == image.range; };
    if (image.command >= package_.commands.size() || image.file >= package_.files.size()) {
      return wrong("an image stands for no command or file of the package");
    }
    if (package_.commands[image.command].range != image.range) {
      return wrong(fmt::format("{}: the rawprogram file has {}, the package's table {}", image.partition,
                               describe(package_.commands[image.command].range), describe(image.range)));
    }
    if (std::none_of(package_.table.begin(), package_.table.end(), agrees)) {
      return wrong(
          fmt::format("the package's MIBIB has no partition {} at {}", image.partition, describe(image.range)));
    }
    if (!on_chip(image.range, geometry_) || !whole_blocks(image.range, geometry_)) {
      return wrong(fmt::format("{} at {} is not whole blocks on the chip", image.partition, describe(image.range)));
    }
    auto size = package_.file(image).size;
    if (size == 0 || geometry_.sectors_for(size) > image.range.count) {
      return wrong(
          fmt::format("{} bytes for {} do not fit its {} sectors", size, image.partition, image.range.count.n));
    }
    return {};
  }

  /// What was read back before the plan begins is on the abstract chip, too.
  Result<void> take_standing() {
    for (auto index : standing_) {
      if (index >= package_.images.size() || &package_.images[index] == sbl_) {
        return wrong("an image is said to be on the chip that cannot be");
      }
      const auto& range = package_.images[index].range;
      chip_.assign(range, erased);
      chip_.assign(data_range(index), static_cast<Content>(index));
    }
    return {};
  }

  /// The sectors that an image fills.
  SectorRange data_range(std::size_t index) const {
    const auto& image = package_.images[index];
    return {image.range.start, geometry_.sectors_for(package_.file(image).size)};
  }

  Result<void> take(const Step& step) {
    TRY(check_order(step));
    TRY(check_no_return(step));
    switch (step.kind) {
      case Step::Kind::erase:
        return take_erase(step);
      case Step::Kind::prove_erased:
        return take_proof(step);
      case Step::Kind::program:
        return take_program(step);
      default:
        return {};
    }
  }

  /// switch, upload, configure, ask, each once and before the chip changes; then reset, then prove.
  Result<void> check_order(const Step& step) {
    auto needs = [&](bool done, const char* what) -> Result<void> {
      return done ? Result<void>{} : wrong(fmt::format("comes before the modem {}", what));
    };
    auto once = [&](bool& done) -> Result<void> {
      return std::exchange(done, true) ? wrong("comes a second time") : Result<void>{};
    };
    if (reset_ && step.kind != Step::Kind::prove) {
      return wrong("comes after the reset");
    }
    switch (step.kind) {
      case Step::Kind::switch_to_edl:
        return uploaded_ ? wrong("comes after the upload") : once(switched_);
      case Step::Kind::upload:
        return once(uploaded_);
      case Step::Kind::configure:
        TRY(needs(uploaded_, "has its programmer"));
        return once(configured_);
      case Step::Kind::ask_chip:
        TRY(needs(configured_, "was configured"));
        return once(asked_);
      case Step::Kind::erase:
      case Step::Kind::prove_erased:
      case Step::Kind::program:
        return needs(asked_, "was asked for its geometry and bad blocks");
      case Step::Kind::reset:
        TRY(needs(asked_, "was flashed"));
        return once(reset_);
      case Step::Kind::prove:
        TRY(needs(reset_, "was reset"));
        return once(proved_);
      default:
        break;
    }
    return wrong("is no step this prover knows");
  }

  /// The person is told the truth about the point of no return.
  Result<void> check_no_return(const Step& step) {
    changed_ = changed_ || changes_chip(step);
    if (step.no_return != changed_) {
      return wrong(changed_ ? "says that the old firmware is still there" : "says that the old firmware is gone");
    }
    return {};
  }

  Result<void> check_touch(const Step& step) const {
    if (!on_chip(step.range, geometry_)) {
      return wrong(fmt::format("start {} and count {} are not on the chip", step.range.start.n, step.range.count.n));
    }
    for (const auto& partition : package_.table) {
      auto role = role_of(partition.name);
      if ((role == Role::calibrated || role == Role::kept) && partition.range.overlaps(step.range)) {
        return wrong(fmt::format("{} touch {}, which belongs to the module", describe(step.range), partition.name));
      }
    }
    return {};
  }

  /// While anything but SBL changes, SBL is absent: then the boot ROM falls into EDL by itself.
  Result<void> check_sbl_absent(const Step& step) const {
    if (auto present = chip_.first_other(sbl_->range, erased)) {
      return wrong(fmt::format("changes {} while SBL is still there (sector {} is not erased)", describe(step.range),
                               present->n));
    }
    return sbl_proven_blank_ ? Result<void>{} : wrong("comes before the erase of SBL was proven by reading it back");
  }

  Result<void> take_erase(const Step& step) {
    TRY(check_touch(step));
    if (step.command >= package_.commands.size()) {
      return wrong("stands for no command of the package");
    }
    if (package_.commands[step.command].range != step.range) {
      return wrong(
          fmt::format("{} are not what command {} of the package names", describe(step.range), step.command + 1));
    }
    if (!whole_blocks(step.range, geometry_)) {
      return wrong(fmt::format("{} are not whole blocks", describe(step.range)));
    }
    if (step.range != sbl_->range || sbl_proven_blank_) {
      TRY(check_sbl_absent(step));
    }
    chip_.assign(step.range, erased);
    done_.push_back(step.command);
    return {};
  }

  Result<void> take_proof(const Step& step) {
    TRY(check_touch(step));
    if (auto other = chip_.first_other(step.range, erased)) {
      return wrong(fmt::format("sector {} cannot be blank here", other->n));
    }
    sbl_proven_blank_ = sbl_proven_blank_ || step.range.contains(sbl_->range);
    return {};
  }

  Result<void> take_program(const Step& step) {
    TRY(check_touch(step));
    if (step.image >= package_.images.size()) {
      return wrong("stands for no image of the package");
    }
    const auto& image = package_.images[step.image];
    auto data = data_range(step.image);
    if (step.range != data || step.name != image.partition) {
      return wrong(fmt::format("{} are not where {} of {} sectors belongs", describe(step.range), image.partition,
                               data.count.n));
    }
    if (auto other = chip_.first_other(step.range, erased)) {
      return wrong(fmt::format("sector {} is programmed without having been erased", other->n));
    }
    TRY(check_sbl_absent(step));
    if (&image == sbl_) {
      TRY(check_others_complete());
    }
    chip_.assign(step.range, static_cast<Content>(step.image));
    return {};
  }

  /// Every image but SBL is in its place, and every erase the package asks for has been done.
  Result<void> check_others_complete() const {
    for (std::size_t i = 0; i < package_.images.size(); ++i) {
      if (&package_.images[i] != sbl_) {
        TRY(check_complete(i));
      }
    }
    return check_erases_done();
  }

  Result<void> check_complete(std::size_t index) const {
    const auto& image = package_.images[index];
    auto data = data_range(index);
    SectorRange rest{data.end(), image.range.count - data.count};
    if (auto other = chip_.first_other(data, static_cast<Content>(index))) {
      return wrong(fmt::format("sector {} does not hold {}", other->n, image.partition));
    }
    if (auto other = chip_.first_other(rest, erased)) {
      return wrong(fmt::format("sector {} behind {} is not erased", other->n, image.partition));
    }
    return {};
  }

  /// Commands that erase were either taken over as they are, or their range got erased by others; one that carries
  /// attributes of the vendor must go out itself.
  Result<void> check_erases_done() const {
    for (std::size_t i = 0; i < package_.commands.size(); ++i) {
      const auto& command = package_.commands[i];
      if (command.kind != RawCommand::Kind::erase) {
        continue;
      }
      if (!on_chip(command.range, geometry_)) {
        return wrong(fmt::format("command {} of the package is not on the chip", i + 1));
      }
      if (command.vendor_tagged() && std::find(done_.begin(), done_.end(), i) == done_.end()) {
        return wrong(fmt::format("the vendor's own erase of {} was left out", describe(command.range)));
      }
      if (auto other = chip_.first_where(command.range, [](Content held) { return held == old_firmware; })) {
        return wrong(fmt::format("sector {} should have been erased", other->n));
      }
    }
    return {};
  }

  Result<void> check_end() const {
    for (std::size_t i = 0; i < package_.images.size(); ++i) {
      TRY(check_complete(i));
    }
    TRY(check_erases_done());
    return proved_ ? Result<void>{} : wrong("the modem was never reset and asked to prove itself");
  }

  const Package& package_;
  Geometry geometry_;
  const Standing& standing_;
  SectorMap<Content> chip_;
  const Image* sbl_ = nullptr;
  std::vector<std::size_t> done_;  ///< commands that erases stood for
  std::size_t number_ = 0;         ///< of the step under way, 0: none
  const Step* step_ = nullptr;
  bool switched_ = false;
  bool uploaded_ = false;
  bool configured_ = false;
  bool asked_ = false;
  bool reset_ = false;
  bool proved_ = false;
  bool changed_ = false;
  bool sbl_proven_blank_ = false;
};

}  // namespace

Result<ProvenPlan> prove_plan(Plan plan, const Package& package, const Standing& standing) {
  if (plan.method != Method::firehose || package.kind != firmware::PackageKind::firehose) {
    TRY(prove_streaming_plan(plan, package));
    return ProvenPlan(std::move(plan));
  }
  TRY(Walk(package, plan.geometry, standing).prove(plan.steps));
  return ProvenPlan(std::move(plan));
}

}  // namespace modemedic::plan
