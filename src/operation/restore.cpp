#include "operation/restore.h"

#include "base/digest.h"
#include "firmware/partition_role.h"
#include "firmware/safe_path.h"
#include "operation/erase_range.h"
#include "operation/flash_events.h"
#include "operation/journal.h"
#include "plan/ranges.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include <fmt/format.h>

namespace modemedic::operation {

using plan::Step;

namespace {

/// A run is programmed out of memory.
constexpr std::uint64_t longest_run = 1_MiB;
constexpr unsigned most_tries = 2;

Failure refuse(const char* rule, std::string what, std::string hint) {
  return fail(Code::refused).rule(rule).what(std::move(what)).hint(std::move(hint) + "; nothing was written");
}

Result<void> check_same_module(const RestoreTarget& target, const BackupManifest& manifest) {
  auto serial = serial_text(target.identity.chip);
  const auto* hint = "IMEI and calibration belong to one module: nothing lifts this rule";
  if (!serial.empty() && !manifest.chip_serial.empty()) {
    return serial == manifest.chip_serial
               ? Result<void>{}
               : refuse("other-module",
                        fmt::format("the backup is of the chip with serial {}, this one has {}", manifest.chip_serial,
                                    serial),
                        hint);
  }
  if (!manifest.imei.empty() && manifest.imei == target.identity.imei) {
    return {};
  }
  return refuse("other-module", "nothing shows that the backup is of this very module", hint);
}

Result<void> check_same_chip(const RestoreTarget& target, const BackupManifest& manifest) {
  if (target.storage.geometry != manifest.geometry) {
    return fail(Code::geometry_mismatch)
        .what("the backup is of a chip with another geometry")
        .hint("it can't be restored here; nothing was written");
  }
  const auto& table = target.table.table;
  if (table && *table != manifest.table) {
    return refuse("partition-table", "the chip has another partition table than when the backup was made",
                  "put the firmware of that day on it first");
  }
  return {};
}

Result<std::vector<std::size_t>> choose(const BackupManifest& manifest, const std::vector<std::string>& partitions) {
  std::vector<std::size_t> chosen;
  for (const auto& name : partitions) {
    auto same = [&](const BackupPiece& piece) { return firmware::fold_case(piece.name) == firmware::fold_case(name); };
    if (std::ranges::none_of(manifest.pieces, same)) {
      return fail(Code::usage).what(fmt::format("the backup has no {}", printable(name)));
    }
  }
  auto wanted = [&](const BackupPiece& piece) {
    return partitions.empty() || std::ranges::any_of(partitions, [&](const std::string& name) {
             return firmware::fold_case(piece.name) == firmware::fold_case(name);
           });
  };
  auto boots = false;
  for (std::size_t i = 0; i < manifest.pieces.size(); ++i) {
    if (wanted(manifest.pieces[i])) {
      auto role = firmware::role_of(manifest.pieces[i].name);
      boots = boots || role == firmware::Role::plain || role == firmware::Role::mibib;
      chosen.push_back(i);
    }
  }
  for (std::size_t i = 0; boots && i < manifest.pieces.size(); ++i) {
    auto is_sbl = firmware::role_of(manifest.pieces[i].name) == firmware::Role::sbl;
    if (is_sbl && std::ranges::find(chosen, i) == chosen.end()) {
      chosen.push_back(i);
    }
  }
  return chosen;
}

/// How many pages of each block a backup holds: up to the last that was not erased.
class UsedPages {
public:
  UsedPages(const BackupManifest& manifest)
      : manifest_(manifest), fill_(std::byte{manifest.fill}), used_(manifest.geometry.blocks) {}

  void take(Sectors sector, ByteView bytes) {
    auto fill = blank_fill(bytes);
    if (!fill || *fill != fill_) {
      auto pages = manifest_.geometry.pages_per_block;
      used_[sector.n / pages] = sector.n % pages + 1;
    }
  }

  /// @return Code::refused when there is something for a block that is bad now
  Result<std::vector<SectorRange>> runs(const BackupPiece& piece, const std::vector<std::uint64_t>& bad_now) const {
    const auto& geometry = manifest_.geometry;
    std::uint64_t block_pages = geometry.pages_per_block;
    std::vector<SectorRange> runs;
    for (auto block = piece.range.start.n / block_pages; block < piece.range.end().n / block_pages; ++block) {
      if (used_[block] == 0 || std::ranges::binary_search(manifest_.bad_blocks, block)) {
        continue;
      }
      if (std::ranges::binary_search(bad_now, block)) {
        return refuse("bad-blocks", fmt::format("block {} of {} holds data and has gone bad since", block, piece.name),
                      "leave this piece out with --partition for each of the others");
      }
      SectorRange range{{block * block_pages}, {used_[block]}};
      auto joins = !runs.empty() && runs.back().end() == range.start &&
                   geometry.bytes(runs.back().count + range.count) <= longest_run;
      if (joins) {
        runs.back().count += range.count;
      } else {
        runs.push_back(range);
      }
    }
    return runs;
  }

private:
  const BackupManifest& manifest_;
  std::byte fill_;
  std::vector<std::uint64_t> used_;
};

/// The sectors of a piece one after the other, those of its erased tail too.
class Sectorwise {
public:
  Sectorwise(firmware::Stream& stream, const BackupManifest& manifest, const BackupPiece& piece)
      : stream_(stream), page_(manifest.geometry.page_size), fill_(std::byte{manifest.fill}), piece_(piece) {}

  Result<ByteView> next() {
    sector_.clear();
    if (given_++ >= piece_.stored) {
      sector_.assign(page_, fill_);
      return ByteView(sector_);
    }
    while (sector_.size() < page_) {
      if (left_.empty()) {
        TRY_ASSIGN(left_, stream_.read());
        if (left_.empty()) {
          return fail(Code::package_bad).what(piece_.file + " is shorter than when it was verified");
        }
      }
      auto part = left_.first(std::min<std::size_t>(left_.size(), page_ - sector_.size()));
      sector_.insert(sector_.end(), part.begin(), part.end());
      left_ = left_.subspan(part.size());
    }
    return ByteView(sector_);
  }

private:
  firmware::Stream& stream_;
  std::size_t page_;
  std::byte fill_;
  const BackupPiece& piece_;
  std::uint64_t given_ = 0;
  Buffer sector_;
  ByteView left_;
};

class Restore {
public:
  Restore(const RestoreTarget& target, const RestoreAdmission& admission, BackupFile& backup, Journal& journal,
          Events& events, const std::stop_token& stop)
      : target_(target), admission_(admission), backup_(backup), journal_(journal), events_(events), stop_(stop) {}

  Result<void> walk() {
    const auto& steps = admission_.plan().plan().steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& step = steps[i];
      events_.emit(event::Step{std::string(id_of(step.kind)), step.what, i + 1, steps.size(),
                               step.cut_leaves + "; then " + step.go_on});
      journal_.begun(step);
      auto taken = stop_.stop_requested() ? fail(Code::interrupted).what("stopped by the person") : take(step);
      if (!taken) {
        auto error = std::move(taken.error());
        error.during = step.what;
        error.hint += fmt::format("{}What the modem has now: {}. To go on: {}", error.hint.empty() ? "" : ". ",
                                  step.cut_leaves, step.go_on);
        return fail(std::move(error));
      }
      journal_.done(step);
    }
    return {};
  }

private:
  Result<void> take(const Step& step) {
    const auto& geometry = target_.storage.geometry;
    if (step.kind == Step::Kind::erase) {
      TRY(erase_range(target_.link, {geometry, step.range, {}}, target_.storage, step.name));
      return {};
    }
    if (step.kind == Step::Kind::prove_erased) {
      return prove_blank(target_.link, step.range, target_.storage, step.name);
    }
    for (unsigned tried = 1;; ++tried) {
      TRY(program(step));
      auto right = same(step);
      if (right || right.error().code != Code::device_refused || tried == most_tries) {
        return right;
      }
      warn(events_, fmt::format("{}; writing it again", right.error().what));
      TRY(erase_range(target_.link, {geometry, step.range, {}}, target_.storage, step.name));
    }
  }

  const BackupPiece& piece_of(const Step& step) const {
    return backup_.manifest().pieces[admission_.pieces()[step.image]];
  }

  Result<void> program(const Step& step) {
    const auto& geometry = target_.storage.geometry;
    const auto& piece = piece_of(step);
    TRY_ASSIGN(auto stream, backup_.stream(piece));
    Sectorwise sectors(*stream, backup_.manifest(), piece);
    auto at = piece.range.start;
    const Buffer blank(geometry.page_size, std::byte{0xFF});
    for (const auto& run : admission_.plan().job().pieces[step.image].runs) {
      Buffer bytes;
      for (; at < run.end(); at += Sectors{1}) {
        TRY_ASSIGN(auto sector, sectors.next());
        if (at >= run.start) {
          // An erased page between programmed ones is filled with what leaves its cells as they are.
          auto fill = blank_fill(sector);
          auto erased = fill && *fill == std::byte{backup_.manifest().fill};
          auto what = erased ? ByteView(blank) : sector;
          bytes.insert(bytes.end(), what.begin(), what.end());
        }
      }
      TRY_ASSIGN(auto reply, target_.link.program({geometry, run.start, bytes.size(), "restore"}, bytes));
      if (!reply.ack) {
        warn(events_, fmt::format("{} was refused: {}", step.name, in_its_words(reply)));
      }
    }
    return {};
  }

  /// The chip holds what the backup holds; a programmer may show erased pages otherwise than the one it was made with.
  Result<void> same(const Step& step) {
    const auto& geometry = target_.storage.geometry;
    const auto& piece = piece_of(step);
    TRY_ASSIGN(auto stream, backup_.stream(piece));
    Sectorwise sectors(*stream, backup_.manifest(), piece);
    auto at = piece.range.start;
    Buffer held;
    std::optional<Sectors> wrong;
    auto compare = [&](ByteView bytes) -> Result<void> {
      while (!bytes.empty()) {
        auto part = bytes.first(std::min<std::size_t>(bytes.size(), geometry.page_size - held.size()));
        held.insert(held.end(), part.begin(), part.end());
        bytes = bytes.subspan(part.size());
        if (held.size() == geometry.page_size) {
          TRY_ASSIGN(auto wanted, sectors.next());
          auto block = at.n / geometry.pages_per_block;
          auto no_matter = std::ranges::binary_search(target_.storage.bad_blocks, block) ||
                           std::ranges::binary_search(backup_.manifest().bad_blocks, block);
          auto equal = std::ranges::equal(held, wanted) || (blank_fill(held) && blank_fill(wanted));
          if (!no_matter && !equal && !wrong) {
            wrong = at;
          }
          at += Sectors{1};
          held.clear();
        }
      }
      return {};
    };
    TRY(read_sectors(target_.link, geometry, piece.range, compare, stop_));
    if (wrong) {
      return fail(Code::device_refused)
          .what(fmt::format("{} reads back wrong from sector {} on", piece.name, wrong->n))
          .hint("this flash is failing: the module is worn out");
    }
    return {};
  }

  const RestoreTarget& target_;
  const RestoreAdmission& admission_;
  BackupFile& backup_;
  Journal& journal_;
  Events& events_;
  const std::stop_token& stop_;
};

}  // namespace

Result<RestoreAdmission> admit_restore(const RestoreTarget& target, BackupFile& backup,
                                       const std::vector<std::string>& partitions, const std::stop_token& stop) {
  const auto& manifest = backup.manifest();
  TRY(check_same_module(target, manifest));
  TRY(check_same_chip(target, manifest));
  TRY_ASSIGN(auto chosen, choose(manifest, partitions));
  UsedPages used(manifest);
  TRY(backup.verify(stop, [&](const BackupPiece&, Sectors sector, ByteView bytes) { used.take(sector, bytes); }));
  plan::RestoreJob job{.geometry = manifest.geometry, .pieces = {}, .bad_blocks = target.storage.bad_blocks};
  for (auto index : chosen) {
    const auto& piece = manifest.pieces[index];
    if (!piece.unreadable.empty()) {
      return refuse("unreadable",
                    fmt::format("{} of the backup has {} sectors that could not be read when it was made", piece.name,
                                piece.unreadable.size()),
                    "leave this piece out with --partition for each of the others");
    }
    TRY_ASSIGN(auto runs, used.runs(piece, target.storage.bad_blocks));
    job.pieces.push_back({piece.name, piece.range, std::move(runs)});
  }
  TRY_ASSIGN(auto plan, plan::make_restore_plan(job));
  TRY_ASSIGN(auto proven, plan::prove_restore(std::move(plan), std::move(job)));
  return RestoreAdmission(std::move(proven), std::move(chosen));
}

Result<void> restore(const RestoreTarget& target, const RestoreAdmission& admission, BackupFile& backup,
                     JournalStore* journals, const std::string& time, const std::string& port, const std::string& path,
                     const Clock& clock, Events& events, const std::stop_token& stop) {
  Journal journal(journals, {.command = "restore", .time = time, .port = port, .package = path, .plan = {}}, clock,
                  events);
  journal.chip(target.identity.chip);
  auto walked = Restore(target, admission, backup, journal, events, stop).walk();
  journal.verdict(walked);
  return walked;
}

}  // namespace modemedic::operation
