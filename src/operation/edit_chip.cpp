#include "operation/edit_chip.h"

#include "base/shell.h"
#include "firmware/mbn.h"
#include "firmware/mibib.h"
#include "firmware/package_geometry.h"
#include "firmware/partition_role.h"
#include "knowledge/judge.h"
#include "operation/backup_content.h"
#include "operation/journal.h"
#include "plan/ranges.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::operation {

using firmware::Partition;
using firmware::Role;

namespace {

/// A run is programmed out of memory.
constexpr std::uint64_t longest_run = 1_MiB;

const Partition* find_role(const firmware::PartitionTable& table, Role role) {
  auto found = std::ranges::find_if(table, [role](const auto& one) { return firmware::role_of(one.name) == role; });
  return found == table.end() ? nullptr : &*found;
}

std::string name_of(const ChipEdit& edit) {
  return edit.name.empty() ? fmt::format("sectors-{}", edit.range.start.n) : edit.name;
}

/// One file as what is to stand in a range: bad blocks are left out, and what would be there comes in the next.
class ImageContent final : public PieceContent {
public:
  /// @param path  nothing: the range is to be blank
  ImageContent(const std::optional<std::filesystem::path>& path, const SectorRange& range, const plan::ChipReport& chip)
      : at_(range.start), chip_(chip), ended_(!path) {
    if (path) {
      path_ = path->string();
      file_.open(*path, std::ios::binary);
    }
  }

  Result<ByteView> next() override {
    const auto& geometry = chip_.geometry;
    auto block = at_.n / geometry.pages_per_block;
    at_ += Sectors{1};
    sector_.assign(geometry.page_size, std::byte{0xFF});
    if (std::ranges::binary_search(chip_.bad_blocks, block) || ended_) {
      return ByteView(sector_);
    }
    file_.read(reinterpret_cast<char*>(sector_.data()), static_cast<std::streamsize>(sector_.size()));
    ended_ = file_.eof();
    if (!file_ && !ended_) {
      return fail(Code::io).what(printable(path_) + " can't be read any more");
    }
    return ByteView(sector_);
  }

private:
  std::string path_;
  std::ifstream file_;
  Sectors at_;
  const plan::ChipReport& chip_;
  Buffer sector_;
  bool ended_;
};

/// Everything that is done to one chip.
class Editor {
public:
  Editor(const RestoreTarget& target, const ChipEdit& edit, const GateOptions& options, EfsGuard& guard, Events& events,
         const std::stop_token& stop)
      : target_(target),
        geometry_(target.storage.geometry),
        edit_(edit),
        options_(options),
        guard_(guard),
        events_(events),
        stop_(stop) {}

  Result<std::pair<plan::ProvenRestore, std::set<std::string>>> admit() {
    TRY(look_at_range());
    TRY(look_at_file());
    guard_.meet(target_.link, target_.identity, target_.storage, *target_.table.table, {edit_.range});
    TRY_ASSIGN(auto lifted, let_rules_speak());
    plan::RestoreJob job{.geometry = geometry_, .pieces = {}, .bad_blocks = target_.storage.bad_blocks};
    if (needs_sbl_off()) {
      TRY_ASSIGN(auto sbl, saved_sbl());
      job.go_on = fmt::format("modemedic restore {} --partition SBL, and then the same again",
                              shell_word(guard_.saved()->file.string()));
      job.pieces.push_back(std::move(sbl));
    } else {
      TRY(guard_.save());
      job.go_on = "the same again";
    }
    job.pieces.push_back({.name = name_of(edit_),
                          .range = edit_.range,
                          .runs = runs(),
                          .verb = edit_.file ? "write" : "see that nothing is left in"});
    TRY_ASSIGN(auto plan, plan::make_restore_plan(job));
    TRY_ASSIGN(auto proven, plan::prove_restore(std::move(plan), std::move(job)));
    return std::pair(std::move(proven), std::move(lifted));
  }

private:
  void fault(const char* rule, std::string what) { faults_.push_back({rule, std::move(what)}); }

  /// Without a table nobody knows what stands where.
  Result<void> look_at_range() {
    const auto& table = target_.table.table;
    if (!table) {
      return fail(Code::refused)
          .rule("partition")
          .what("what stands where is not known: " + target_.table.why)
          .hint("flash a full package with modemedic rescue PACKAGE; nothing was written");
    }
    if (!plan::on_chip(edit_.range, geometry_) || !plan::whole_blocks(edit_.range, geometry_)) {
      return fail(Code::usage)
          .what(fmt::format("{} are not whole blocks of {} sectors on this chip", firmware::describe(edit_.range),
                            geometry_.pages_per_block))
          .hint("nothing was written");
    }
    if (edit_.range.count == geometry_.chip_sectors()) {
      fault("erase-all", "it is the whole chip");
    }
    for (const auto& partition : *table) {
      if (partition.range.overlaps(edit_.range)) {
        look_at(partition);
      }
    }
    return {};
  }

  void look_at(const Partition& partition) {
    auto role = firmware::role_of(partition.name);
    auto whole = partition.range == edit_.range;
    auto name = printable(partition.name);
    if (role == Role::calibrated && edit_.file) {
      fault("other-module", fmt::format("nothing shows that what would be written into {} is of this very module; "
                                        "restore takes a backup of it",
                                        name));
    } else if (role == Role::calibrated) {
      fault("efs", fmt::format("{} would be erased", name));
    } else if ((role == Role::sbl || role == Role::mibib) && !whole) {
      fault("partition", fmt::format("{} changes as a whole or not at all: name it", name));
    }
  }

  Result<void> look_at_file() {
    if (!edit_.file) {
      return {};
    }
    std::error_code error;
    auto size = std::filesystem::file_size(*edit_.file, error);
    auto path = printable(edit_.file->string());
    if (error) {
      return fail_errno(error.value(), "read " + path);
    }
    if (size == 0) {
      return fail(Code::usage).what(path + " is empty").hint("`edl erase` erases; nothing was written");
    }
    size_ = size;
    auto blocks = edit_.range.count.n / geometry_.pages_per_block;
    auto needed = geometry_.blocks_for(size).n;
    if (needed > blocks) {
      return fail(Code::usage)
          .what(fmt::format("{} has {} bytes, there is room for {}", path, size, geometry_.bytes(edit_.range.count)))
          .hint("nothing was written");
    }
    auto first = edit_.range.start.n / geometry_.pages_per_block;
    auto bad = std::ranges::count_if(target_.storage.bad_blocks,
                                     [&](auto block) { return block >= first && block - first < blocks; });
    if (needed + static_cast<std::uint64_t>(bad) > blocks) {
      fault("bad-blocks", fmt::format("{} needs {} blocks, {} has {}, and {} of them are bad", path, needed,
                                      name_of(edit_), blocks, bad));
    }
    return look_into_file();
  }

  /// SBL and MIBIB: a wrong one leaves a modem that does not start, and that nothing else tells.
  Result<void> look_into_file() {
    auto role = firmware::role_of(edit_.name);
    if (role != Role::sbl && role != Role::mibib) {
      return {};
    }
    Buffer bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size_, geometry_.bytes(edit_.range.count))));
    std::ifstream file(*edit_.file, std::ios::binary);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (role == Role::sbl) {
      TRY(firmware::check_sbl(bytes));
      if (std::ranges::binary_search(target_.storage.bad_blocks, std::uint64_t{0})) {
        fault("bad-blocks", "block 0 is bad: the boot ROM looks for SBL there");
      }
      return {};
    }
    TRY_ASSIGN(auto table, firmware::parse_mibib(bytes, geometry_));
    if (table != *target_.table.table) {
      fault("partition", "another partition table is right only together with all that it tells of: flash the package");
    }
    return {};
  }

  Result<std::set<std::string>> let_rules_speak() {
    const auto& rules = knowledge::rules();
    TRY(rules);
    return pass(knowledge::judge_found(*rules, faults_), options_, events_,
                [this] { return guard_.save_for_certain("what is the module's own would be erased"); });
  }

  /// While what the modem boots with changes, SBL is absent.
  bool needs_sbl_off() const {
    auto role = firmware::role_of(name_of(edit_));
    return (role == Role::plain || role == Role::mibib) && find_role(*target_.table.table, Role::sbl) != nullptr;
  }

  Result<plan::RestorePiece> saved_sbl() {
    TRY(guard_.save_for_certain("SBL is off while this changes", EfsGuard::Holes::are_told));
    TRY_ASSIGN(auto backup, BackupFile::open(guard_.saved()->file.string()));
    UsedPages used(backup.manifest());
    TRY(backup.verify(stop_, [&](const BackupPiece&, Sectors sector, ByteView bytes) { used.take(sector, bytes); }));
    const auto& pieces = backup.manifest().pieces;
    auto sbl = std::ranges::find_if(
        pieces, [](const BackupPiece& piece) { return firmware::role_of(piece.name) == Role::sbl; });
    if (sbl == pieces.end()) {
      return fail(Code::bug).what("SBL was not saved");
    }
    if (!sbl->unreadable.empty()) {
      return fail(Code::refused)
          .rule("unreadable")
          .what("SBL is off while this changes, and its copy has sectors that could not be read")
          .hint("flash a full package: it brings an SBL of its own; nothing was written");
    }
    TRY_ASSIGN(auto sbl_runs, used.runs(*sbl, target_.storage.bad_blocks));
    return plan::RestorePiece{.name = sbl->name, .range = sbl->range, .runs = std::move(sbl_runs), .verb = "put back"};
  }

  /// Through good blocks, one after the other.
  std::vector<SectorRange> runs() const {
    std::vector<SectorRange> made;
    auto left = edit_.file ? geometry_.sectors_for(size_) : Sectors{};
    Sectors block{geometry_.pages_per_block};
    for (auto at = edit_.range.start; at < edit_.range.end() && left.n > 0; at += block) {
      if (std::ranges::binary_search(target_.storage.bad_blocks, at.n / block.n)) {
        continue;
      }
      auto count = std::min(block, left);
      left = left - count;
      if (!made.empty() && made.back().end() == at && geometry_.bytes(made.back().count + count) <= longest_run) {
        made.back().count += count;
      } else {
        made.push_back({at, count});
      }
    }
    return made;
  }

  const RestoreTarget& target_;
  const Geometry& geometry_;
  const ChipEdit& edit_;
  const GateOptions& options_;
  EfsGuard& guard_;
  Events& events_;
  const std::stop_token& stop_;
  std::vector<knowledge::Fault> faults_;
  std::uint64_t size_ = 0;
};

}  // namespace

Result<EditAdmission> admit_edit(const RestoreTarget& target, const ChipEdit& edit, const GateOptions& options,
                                 EfsGuard& guard, Events& events, const std::stop_token& stop) {
  TRY_ASSIGN(auto admitted, Editor(target, edit, options, guard, events, stop).admit());
  return EditAdmission(std::move(admitted.first), std::move(admitted.second));
}

Result<void> edit_chip(const RestoreTarget& target, const EditAdmission& admission, const ChipEdit& edit,
                       EfsGuard& guard, const EditJob& job, Events& events, const std::stop_token& stop) {
  Journal journal(job.journals,
                  {.command = edit.file ? "edl write" : "edl erase",
                   .time = job.time,
                   .port = job.port,
                   .package = edit.file ? std::filesystem::absolute(*edit.file).string() : "",
                   .plan = {}},
                  job.clock, events);
  journal.chip(target.identity.chip);
  for (const auto& rule : admission.lifted()) {
    journal.lifted(rule);
  }
  std::optional<BackupFile> backup;
  if (admission.takes_sbl_off()) {
    TRY_ASSIGN(backup, BackupFile::open(guard.saved()->file.string()));
  }
  const auto& pieces = admission.plan().job().pieces;
  auto content = [&](std::size_t piece) -> Result<std::unique_ptr<PieceContent>> {
    if (piece + 1 == pieces.size()) {
      return std::make_unique<ImageContent>(edit.file, edit.range, target.storage);
    }
    const auto& saved = backup->manifest().pieces;
    auto sbl = std::ranges::find(saved, pieces[piece].name, &BackupPiece::name);
    return content_of(*backup, *sbl);
  };
  auto walked = write_pieces({target.link, target.storage, admission.plan(), content, {}, journal, events, stop});
  if (walked) {
    walked = guard.compare();
  }
  if (walked && !guard.changed().empty()) {
    walked = fail(Code::not_proven)
                 .what(fmt::format("{} is not what it was, and nothing was to be done there",
                                   fmt::join(guard.changed(), ", ")))
                 .hint("this flash memory may be failing. " + guard.way_back());
  }
  journal.verdict(walked);
  return walked;
}

}  // namespace modemedic::operation
