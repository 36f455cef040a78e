#include "firmware/partition_role.h"
#include "plan/power_on.h"
#include "plan/streaming_plan.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::Package;
using Flag = PowerOn::Flag;
using Holds = PowerOn::Holds;

namespace {

/// What a frame or a command may erase on a 9x15, whatever its chip holds (facts: dload-streaming.md, "What real
/// streaming loaders do"; fastboot.md). `13 04`, `1d` and `19 01` always erase all: no step stands for one of them, and
/// no code of ours can say them.
enum class Erases {
  nothing,
  own_partition,  ///< 1b 0e NAME, flash:NAME, erase:NAME
  perhaps_all,    ///< 19 00: all, unless the chip's table is just this one
};

/// A 9x07's loader answers `19 00` without erasing anything, but where the chip has no table: the gate lets a modem go
/// this way only when it runs, and so has one.
Erases erases(Step::Kind kind, std::string_view chip) {
  switch (kind) {
    case Step::Kind::stream:
    case Step::Kind::stream_erase:
    case Step::Kind::flash:
    case Step::Kind::flash_erase:
      return Erases::own_partition;
    case Step::Kind::table:
      return chip == "9x07" ? Erases::nothing : Erases::perhaps_all;
    default:
      return Erases::nothing;
  }
}

class Walk {
public:
  Walk(const Plan& plan, const Package& package, BootChain chain)
      : plan_(plan),
        package_(package),
        chain_(std::move(chain)),
        chip_(chain_.first, chain_.loaders, chain_.kernel, chain_.firmware) {}

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
  enum class Where { anywhere, download, loader, session, starting, fastboot, done };

  Failure wrong(const std::string& text) const {
    auto where = number_ == 0 ? std::string("at the end") : fmt::format("step {} ({})", number_, step_->what);
    return fail(Code::plan_unproven)
        .what(fmt::format("{}: {}", where, text))
        .hint("the plan is not safe, so nothing was sent to the modem; please report it with the package's name");
  }

  Result<void> take(const Step& step) {
    changed_ = changed_ || erases(step.kind, package_.chip) == Erases::own_partition;
    if (step.no_return != changed_) {
      return wrong(changed_ ? "says that the old firmware is still there" : "says that the old firmware is gone");
    }
    if (step.may_wipe != (erases(step.kind, package_.chip) == Erases::perhaps_all)) {
      return wrong("does not tell the truth about what it may wipe");
    }
    switch (step.kind) {
      case Step::Kind::to_download:
        return enter(Where::anywhere, Where::download);
      case Step::Kind::load:
        return enter(Where::download, Where::loader);
      case Step::Kind::table:
        return enter(Where::loader, Where::session);
      case Step::Kind::stream_erase:
        return erase(step, Where::session, step.name == chain_.kernel || step.name == chain_.first);
      case Step::Kind::stream:
        TRY(check_may_write(step, Where::session, chain_.streaming_may_write(step.name, package_.chip)));
        return write(step, false);
      case Step::Kind::leave_loader:
        return leave_loader();
      case Step::Kind::to_fastboot:
        return enter(plan_.method == Method::download ? Where::starting : Where::anywhere, Where::fastboot);
      case Step::Kind::flash_erase:
        return erase(step, Where::fastboot, step.name == chain_.kernel);
      case Step::Kind::flash:
        TRY(check_may_write(step, Where::fastboot, chain_.fastboot_may_write(step.name)));
        return write(step, true);
      case Step::Kind::reboot:
        return enter(Where::fastboot, Where::done);
      case Step::Kind::prove:
        if (at_ != Where::done || proved_) {
          return wrong("comes when nothing has been started");
        }
        proved_ = true;
        return {};
      default:
        return wrong("has no place without Firehose");
    }
  }

  Result<void> enter(Where from, Where to) {
    if (at_ != from) {
      return wrong("the modem is not where this can be done");
    }
    at_ = to;
    return survivable(Flag::as_found, "before it");
  }

  /// Into fastboot where that does the rest; else into what was written.
  Result<void> leave_loader() {
    TRY(enter(Where::session, only_streams() ? Where::done : Where::starting));
    if (only_streams()) {
      auto whole = chip_.holds(chain_.first) == Holds::renewed && chip_.holds(chain_.kernel) == Holds::renewed;
      return whole ? Result<void>{} : wrong("leaves before all is written");
    }
    return chip_.ends_in_fastboot() ? Result<void>{} : wrong("does not lead into fastboot");
  }

  bool only_streams() const { return package_.chip == "9x07"; }

  /// A cut now must leave a modem that software can bring back.
  Result<void> survivable(Flag flag, std::string_view when) const {
    auto dead_end = chip_.dead_end(flag);
    return dead_end.empty() ? Result<void>{} : wrong(fmt::format("a cut {} leaves no way back: {}", when, dead_end));
  }

  /// The first block goes first, and with it what makes a boot ROM or a boot loader start the rest.
  Result<void> erase(const Step& step, Where where, bool may) {
    if (at_ != where) {
      return wrong("the modem is not where this can be done");
    }
    if (!may || chip_.holds(step.name) != Holds::as_found) {
      return wrong(fmt::format("{} may not be erased so", step.name));
    }
    chip_.set(step.name, Holds::blank);
    return survivable(Flag::as_found, "in the middle of it");
  }

  Result<void> check_may_write(const Step& step, Where where, bool may) const {
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
    if (written_.contains(step.name)) {
      return wrong(fmt::format("{} is written twice", step.name));
    }
    return {};
  }

  /// @param by_fastboot  which erases its flag and sets it anew before it touches the partition
  Result<void> write(const Step& step, bool by_fastboot) {
    TRY(survivable(by_fastboot ? Flag::erased : Flag::as_found, "at its beginning"));
    chip_.set(step.name, Holds::torn);
    TRY(survivable(by_fastboot ? Flag::set : Flag::as_found, "in the middle of it"));
    chip_.set(step.name, Holds::renewed);
    written_.insert(step.name);
    return {};
  }

  Result<void> check_end() const {
    for (const auto& image : package_.images) {
      auto is_due = plan_.method == Method::fastboot ? chain_.fastboot_may_write(image.partition)
                                                     : firmware::role_of(image.partition) != firmware::Role::mibib;
      if (is_due && !written_.contains(image.partition)) {
        return wrong(fmt::format("{} was never written", image.partition));
      }
    }
    return proved_ ? Result<void>{} : wrong("the modem was never started and asked to prove itself");
  }

  const Plan& plan_;
  const Package& package_;
  BootChain chain_;
  PowerOn chip_;
  std::set<std::string> written_;
  Where at_ = Where::anywhere;
  std::size_t number_ = 0;
  const Step* step_ = nullptr;
  bool changed_ = false;
  bool proved_ = false;
};

}  // namespace

Result<void> prove_streaming_plan(const Plan& plan, const Package& package) {
  auto chain = boot_chain_of(package, plan.method);
  if (!chain) {
    return fail(Code::plan_unproven).what(chain.error().what).hint("nothing was sent to the modem");
  }
  return Walk(plan, package, std::move(*chain)).prove();
}

}  // namespace modemedic::plan
