#include "firmware/partition_role.h"
#include "plan/streaming_plan.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::Image;
using firmware::Package;

namespace {

/// What a frame or a command may erase on a 9x15, whatever its chip holds (facts: dload-streaming.md, "What real
/// streaming loaders do"; fastboot.md). `13 04`, `1d` and `19 01` always erase all: no step stands for one of them, and
/// no code of ours can say them.
enum class Erases {
  nothing,
  own_partition,  ///< 1b 0e NAME, flash:NAME
  perhaps_all,    ///< 19 00: all, unless the chip's table is just this one
};

Erases erases(Step::Kind kind) {
  switch (kind) {
    case Step::Kind::stream:
    case Step::Kind::flash:
      return Erases::own_partition;
    case Step::Kind::table:
      return Erases::perhaps_all;
    default:
      return Erases::nothing;
  }
}

class Walk {
public:
  Walk(const Plan& plan, const Package& package) : plan_(plan), package_(package) {}

  Result<void> prove() {
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      number_ = i + 1;
      step_ = &plan_.steps[i];
      TRY(take(*step_));
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

  Result<void> take(const Step& step) {
    changed_ = changed_ || erases(step.kind) == Erases::own_partition;
    if (step.no_return != changed_) {
      return wrong(changed_ ? "says that the old firmware is still there" : "says that the old firmware is gone");
    }
    if (step.may_wipe != (erases(step.kind) == Erases::perhaps_all)) {
      return wrong("does not tell the truth about what it may wipe");
    }
    if (rebooted_ && step.kind != Step::Kind::prove) {
      return wrong("comes after the reboot");
    }
    switch (step.kind) {
      case Step::Kind::to_download:
        return enter(Where::anywhere, Where::download);
      case Step::Kind::load:
        return enter(Where::download, Where::loader);
      case Step::Kind::table:
        return enter(Where::loader, Where::session);
      case Step::Kind::stream:
        return write(step, Where::session, streaming_may_write(step.name));
      case Step::Kind::leave_loader:
        return enter(Where::session, Where::starting);
      case Step::Kind::to_fastboot:
        return enter(plan_.method == Method::download ? Where::starting : Where::anywhere, Where::fastboot);
      case Step::Kind::flash:
        return write(step, Where::fastboot, fastboot_may_write(step.name));
      case Step::Kind::reboot:
        rebooted_ = true;
        return enter(Where::fastboot, Where::done);
      case Step::Kind::prove:
        proved_ = rebooted_;
        return rebooted_ ? Result<void>{} : wrong("comes before the reboot");
      default:
        return wrong("has no place without Firehose");
    }
  }

  enum class Where { anywhere, download, loader, session, starting, fastboot, done };

  Result<void> enter(Where from, Where to) {
    if (at_ != from) {
      return wrong("the modem is not where this can be done");
    }
    if (to == Where::starting && !written({"SBL1", "SBL2", "RPM", "APPSBL"})) {
      return wrong("the loader is left before the boot loader is whole");
    }
    at_ = to;
    return {};
  }

  bool written(const std::vector<std::string>& names) const {
    return std::ranges::all_of(names,
                               [&](const auto& name) { return std::ranges::find(written_, name) != written_.end(); });
  }

  Result<void> write(const Step& step, Where where, bool may) {
    if (at_ != where) {
      return wrong("the modem is not where this can be done");
    }
    auto role = firmware::role_of(step.name);
    if (!may || role == firmware::Role::calibrated || role == firmware::Role::mibib || role == firmware::Role::kept) {
      return wrong(fmt::format("{} may not be written so", step.name));
    }
    if (step.image >= package_.images.size() || package_.images[step.image].partition != step.name ||
        package_.file(package_.images[step.image]).size == 0) {
      return wrong(fmt::format("the image is not {}'s", step.name));
    }
    if (written({step.name})) {
      return wrong(fmt::format("{} is written twice", step.name));
    }
    if (where == Where::fastboot && streaming_may_write(step.name) &&
        !written({"system", "userdata", "recoveryfs", "dsp1", "dsp2", "dsp3", "boot", "recovery"})) {
      return wrong(fmt::format("a cut in {} would leave download mode with other parts missing", step.name));
    }
    written_.push_back(step.name);
    return {};
  }

  Result<void> check_end() const {
    for (const auto& image : package_.images) {
      auto is_due = plan_.method == Method::download || fastboot_may_write(image.partition);
      if (is_due && !written({image.partition})) {
        return wrong(fmt::format("{} was never written", image.partition));
      }
    }
    return proved_ ? Result<void>{} : wrong("the modem was never started and asked to prove itself");
  }

  const Plan& plan_;
  const Package& package_;
  std::vector<std::string> written_;
  Where at_ = Where::anywhere;
  std::size_t number_ = 0;
  const Step* step_ = nullptr;
  bool changed_ = false;
  bool rebooted_ = false;
  bool proved_ = false;
};

}  // namespace

Result<void> prove_streaming_plan(const Plan& plan, const Package& package) {
  return Walk(plan, package).prove();
}

}  // namespace modemedic::plan
