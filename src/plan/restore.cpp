#include "plan/restore.h"

#include "firmware/partition_role.h"
#include "plan/ranges.h"
#include "plan/sector_map.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::Role;

namespace {

bool boots_by(const RestorePiece& piece) {
  auto role = firmware::role_of(piece.name);
  return role == Role::plain || role == Role::mibib;
}

std::optional<std::size_t> find_role(const RestoreJob& job, Role role) {
  for (std::size_t i = 0; i < job.pieces.size(); ++i) {
    if (firmware::role_of(job.pieces[i].name) == role) {
      return i;
    }
  }
  return std::nullopt;
}

Step step_of(Step::Kind kind, const RestoreJob& job, std::size_t piece) {
  const auto& name = job.pieces[piece].name;
  auto verb = kind == Step::Kind::erase     ? std::string("erase")
              : kind == Step::Kind::program ? job.pieces[piece].verb
                                            : std::string("prove that it is blank:");
  Step step;
  step.kind = kind;
  step.what = fmt::format("{} {}", verb, name);
  step.name = name;
  step.range = job.pieces[piece].range;
  step.image = piece;
  step.no_return = true;
  step.cut_leaves = find_role(job, Role::sbl) ? "a modem that waits in EDL by itself"
                                              : fmt::format("a modem that runs without a whole {}", name);
  step.go_on = job.go_on;
  return step;
}

Failure unproven(std::string what) {
  return fail(Code::plan_unproven)
      .what("this restore can't be shown to be right: " + std::move(what))
      .hint("please report this; nothing was written");
}

enum class Content : std::uint8_t { untouched, erased, restored };

/// Walks a plan over an abstract chip.
class RestoreProver {
public:
  explicit RestoreProver(const RestoreJob& job) : job_(job), sbl_(find_role(job, Role::sbl)) {}

  Result<void> prove(const Plan& plan) {
    TRY(check_job());
    for (const auto& step : plan.steps) {
      if (step.image >= job_.pieces.size() || step.range != job_.pieces[step.image].range) {
        return unproven("a step works outside its piece");
      }
      TRY(take(step));
    }
    for (std::size_t i = 0; i < job_.pieces.size(); ++i) {
      if (!restored_[i]) {
        return unproven(fmt::format("{} is not restored", job_.pieces[i].name));
      }
      for (const auto& run : job_.pieces[i].runs) {
        if (auto other = chip_.first_other(run, Content::restored)) {
          return unproven(fmt::format("sector {} does not end as it was", other->n));
        }
      }
    }
    return {};
  }

private:
  Result<void> check_job() {
    restored_.assign(job_.pieces.size(), false);
    for (std::size_t i = 0; i < job_.pieces.size(); ++i) {
      const auto& piece = job_.pieces[i];
      if (!on_chip(piece.range, job_.geometry) || !whole_blocks(piece.range, job_.geometry)) {
        return unproven(piece.name + " is not on the chip in whole blocks");
      }
      if (piece.range.count == job_.geometry.chip_sectors()) {
        return unproven("it would erase the whole chip at once");
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (job_.pieces[j].range.overlaps(piece.range)) {
          return unproven(fmt::format("{} and {} overlap", job_.pieces[j].name, piece.name));
        }
      }
      TRY(check_runs(piece));
    }
    return {};
  }

  Result<void> check_runs(const RestorePiece& piece) const {
    auto block = job_.geometry.pages_per_block;
    Sectors after = piece.range.start;
    for (const auto& run : piece.runs) {
      if (!on_chip(run, job_.geometry) || run.start < after || !piece.range.contains(run) || run.start.n % block != 0) {
        return unproven(fmt::format("{}: what is written at sector {} is not in its place", piece.name, run.start.n));
      }
      auto bad = std::ranges::lower_bound(job_.bad_blocks, run.start.n / block);
      if (bad != job_.bad_blocks.end() && *bad * block < run.end().n) {
        return unproven(fmt::format("{}: block {} is bad", piece.name, *bad));
      }
      after = run.end();
    }
    return {};
  }

  Result<void> take(const Step& step) {
    const auto& piece = job_.pieces[step.image];
    auto is_sbl = sbl_ == step.image;
    switch (step.kind) {
      case Step::Kind::erase:
        if (sbl_ && !is_sbl && !sbl_absent_) {
          return unproven(piece.name + " is erased while SBL stands");
        }
        chip_.assign(piece.range, Content::erased);
        return {};
      case Step::Kind::prove_erased:
        if (chip_.first_other(piece.range, Content::erased)) {
          return unproven(piece.name + " is not erased when that is proven");
        }
        sbl_absent_ = sbl_absent_ || is_sbl;
        return {};
      case Step::Kind::program:
        return program(step, piece, is_sbl);
      default:
        return unproven("it has a step of a kind that a restore has not");
    }
  }

  Result<void> program(const Step& step, const RestorePiece& piece, bool is_sbl) {
    if (sbl_ ? !is_sbl && !sbl_absent_ : boots_by(piece)) {
      return unproven(piece.name + " is written while SBL stands");
    }
    for (std::size_t i = 0; is_sbl && i < job_.pieces.size(); ++i) {
      if (i != step.image && !restored_[i]) {
        return unproven(fmt::format("SBL is written before {}", job_.pieces[i].name));
      }
    }
    for (const auto& run : piece.runs) {
      if (auto other = chip_.first_other(run, Content::erased)) {
        return unproven(fmt::format("sector {} is programmed and not erased", other->n));
      }
      chip_.assign(run, Content::restored);
    }
    restored_[step.image] = true;
    sbl_absent_ = sbl_absent_ && !is_sbl;
    return {};
  }

  const RestoreJob& job_;
  std::optional<std::size_t> sbl_;
  SectorMap<Content> chip_{Content::untouched};
  std::vector<bool> restored_;
  bool sbl_absent_ = false;
};

}  // namespace

Result<Plan> make_restore_plan(const RestoreJob& job) {
  auto sbl = find_role(job, Role::sbl);
  auto mibib = find_role(job, Role::mibib);
  if (!sbl && std::ranges::any_of(job.pieces, boots_by)) {
    return fail(Code::refused)
        .rule("partition")
        .what("a partition that the modem boots with is restored only together with SBL")
        .hint("restore the whole backup, or only what belongs to the module: --partition EFS2");
  }
  Plan plan{.steps = {}, .geometry = job.geometry};
  if (sbl) {
    plan.steps.push_back(step_of(Step::Kind::erase, job, *sbl));
    plan.steps.push_back(step_of(Step::Kind::prove_erased, job, *sbl));
  }
  auto last = [&](std::size_t i) { return sbl == i || mibib == i; };
  for (std::size_t i = 0; i < job.pieces.size(); ++i) {
    if (sbl != i) {
      plan.steps.push_back(step_of(Step::Kind::erase, job, i));
    }
  }
  for (std::size_t i = 0; i < job.pieces.size(); ++i) {
    if (!last(i)) {
      plan.steps.push_back(step_of(Step::Kind::program, job, i));
    }
  }
  for (const auto& i : {mibib, sbl}) {
    if (i) {
      plan.steps.push_back(step_of(Step::Kind::program, job, *i));
    }
  }
  return plan;
}

Result<ProvenRestore> prove_restore(Plan plan, RestoreJob job) {
  TRY(RestoreProver(job).prove(plan));
  return ProvenRestore(std::move(plan), std::move(job));
}

}  // namespace modemedic::plan
