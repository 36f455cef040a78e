#include "firmware/partition_role.h"
#include "plan/may_touch.h"
#include "plan/outcome.h"
#include "plan/plan.h"
#include "plan/ranges.h"
#include "plan/sector_map.h"
#include "plan/streaming_plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::Image;
using firmware::Package;
using firmware::RawCommand;
using firmware::Role;
using firmware::role_of;

namespace {

constexpr Outcome before_erase{"the old firmware, untouched: it starts again at the next power-on",
                               "start the flash again", false};
constexpr Outcome erasing_sbl{
    "the old firmware whole, or no readable SBL, and then the boot ROM comes up in EDL by itself",
    "power the modem on; if it is in EDL, flash the package again", true};
constexpr Outcome without_sbl{"no SBL: the boot ROM comes up in EDL by itself at the next power-on",
                              "power the modem on and flash the package again", true};
constexpr Outcome writing_sbl{
    "everything but SBL whole; the boot ROM does not start a torn SBL and comes up in EDL by itself",
    "power the modem on and flash the package again", true};
constexpr Outcome written{"the new firmware, whole: it starts at the next power-on",
                          "power the modem on and look at it with modemedic list", true};

class Planner {
public:
  Planner(const Package& package, const Standing& asked) : package_(package), standing_(asked) {}

  Plan make() {
    choose_standing();
    choose_erases();
    order_programs();
    add(Step::Kind::switch_to_edl, "switch to EDL", before_erase);
    add(Step::Kind::upload, "hand over the programmer", before_erase);
    add(Step::Kind::configure, "configure the programmer", before_erase);
    add(Step::Kind::ask_chip, "ask the chip for its geometry and bad blocks", before_erase);
    for (std::size_t i = 0; i < erases_.size(); ++i) {
      add_erase(erases_[i], i == 0 ? erasing_sbl : without_sbl);
      if (i == 0) {
        add_proof_of_erase(erases_[0].range);
      }
    }
    for (auto image : programs_) {
      add_program(image);
    }
    add(Step::Kind::reset, "start the new firmware", written);
    add(Step::Kind::prove, "let the modem prove it over AT", written);
    return {std::move(steps_), package_.geometry};
  }

private:
  struct Erase {
    SectorRange range;
    std::size_t command;  ///< an erase of the package, or the program whose partition no erase of it covers
  };

  /// An image stays only if no erase that must be sent touches it; SBL never does, because it is what is absent while
  /// anything else changes.
  void choose_standing() {
    standing_.erase(index_of(image_of(Role::sbl)));
    for (auto changed = true; changed;) {
      changed = false;
      for (const auto& command : package_.commands) {
        if (command.kind == RawCommand::Kind::erase && !spared(command)) {
          changed =
              std::erase_if(standing_,
                            [&](std::size_t i) { return package_.images[i].range.overlaps(command.range); }) > 0 ||
              changed;
        }
      }
    }
  }

  /// All that an erase would touch is standing: it has been done.
  bool spared(const RawCommand& command) const {
    SectorMap<bool> stands(false);
    for (auto i : standing_) {
      stands.assign(package_.images[i].range, true);
    }
    return !command.vendor_tagged() && !stands.first_other(command.range, true);
  }

  /// SBL's erase, then those of the package in its order, then what is programmed without one of them.
  void choose_erases() {
    const auto& sbl = image_of(Role::sbl);
    erases_.push_back({sbl.range, sbl.command});
    SectorMap<bool> erased(false);
    erased.assign(sbl.range, true);
    for (std::size_t i = 0; i < package_.commands.size(); ++i) {
      const auto& command = package_.commands[i];
      if (command.kind != RawCommand::Kind::erase) {
        continue;
      }
      if (command.range == sbl.range && package_.commands[erases_[0].command].kind != RawCommand::Kind::erase) {
        erases_[0].command = i;
      } else if (!spared(command) && (command.vendor_tagged() || !planned(command.range))) {
        erases_.push_back({command.range, i});
        erased.assign(command.range, true);
      }
    }
    for (std::size_t i = 0; i < package_.images.size(); ++i) {
      const auto& image = package_.images[i];
      if (!standing_.contains(i) && erased.first_other(image.range, true)) {
        erases_.push_back({image.range, image.command});
      }
    }
  }

  bool planned(const SectorRange& range) const {
    return std::any_of(erases_.begin(), erases_.end(), [&](const Erase& e) { return e.range == range; });
  }

  /// As the source gives files cheaply, so that an archive is read once; MIBIB next to last, SBL last.
  void order_programs() {
    for (std::size_t i = 0; i < package_.images.size(); ++i) {
      if (!standing_.contains(i)) {
        programs_.push_back(i);
      }
    }
    auto place = [&](std::size_t i) {
      const auto& image = package_.images[i];
      auto role = role_of(image.partition);
      auto late = role == Role::sbl ? 2 : role == Role::mibib ? 1 : 0;
      return std::pair(late, package_.file(image).entry);
    };
    std::stable_sort(programs_.begin(), programs_.end(),
                     [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
  }

  const Image& image_of(Role role) const {
    return *std::find_if(package_.images.begin(), package_.images.end(),
                         [&](const Image& image) { return role_of(image.partition) == role; });
  }

  std::size_t index_of(const Image& image) const { return static_cast<std::size_t>(&image - package_.images.data()); }

  Step& add(Step::Kind kind, std::string what, const Outcome& outcome) {
    return add_step(steps_, kind, std::move(what), outcome);
  }

  void add_erase(const Erase& erase, const Outcome& outcome) {
    auto name = names_in(package_.table, erase.range);
    const auto& command = package_.commands[erase.command];
    auto guarded = command.kind == RawCommand::Kind::erase && command.vendor_tagged();
    auto& step =
        add(Step::Kind::erase, fmt::format("erase {}{}", name, guarded ? " as the vendor tagged it" : ""), outcome);
    step.name = name;
    step.range = erase.range;
    step.command = erase.command;
  }

  void add_proof_of_erase(const SectorRange& range) {
    auto name = names_in(package_.table, range);
    auto& step = add(Step::Kind::prove_erased, fmt::format("read {} back: it must be blank", name), without_sbl);
    step.name = name;
    step.range = range;
  }

  void add_program(std::size_t index) {
    const auto& image = package_.images[index];
    const auto& file = package_.file(image);
    auto last = role_of(image.partition) == Role::sbl;
    auto& step = add(Step::Kind::program, fmt::format("program {} with {}", image.partition, file.path),
                     last ? writing_sbl : without_sbl);
    step.name = image.partition;
    step.range = {image.range.start, package_.geometry.sectors_for(file.size)};
    step.image = index;
  }

  const Package& package_;
  Standing standing_;
  std::vector<Erase> erases_;
  std::vector<std::size_t> programs_;
  std::vector<Step> steps_;
};

}  // namespace

Method usual_method(const Package& package) {
  return package.kind == firmware::PackageKind::streaming ? Method::fastboot : Method::firehose;
}

Result<Plan> make_plan(const Package& package, const Standing& standing, std::optional<Method> method) {
  auto by = method.value_or(usual_method(package));
  if (package.kind == firmware::PackageKind::streaming || by != Method::firehose) {
    return make_streaming_plan(package, by);
  }
  TRY(check_may_touch(package));
  return Planner(package, standing).make();
}

}  // namespace modemedic::plan
