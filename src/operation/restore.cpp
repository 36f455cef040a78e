#include "operation/restore.h"

#include "firmware/partition_role.h"
#include "firmware/safe_path.h"
#include "operation/backup_content.h"
#include "operation/journal.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::operation {

namespace {

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
    job.pieces.push_back({.name = piece.name, .range = piece.range, .runs = std::move(runs)});
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
  const auto& manifest = backup.manifest();
  auto content = [&](std::size_t piece) { return content_of(backup, manifest.pieces[admission.pieces()[piece]]); };
  auto walked = write_pieces(
      {target.link, target.storage, admission.plan(), content, manifest.bad_blocks, journal, events, stop});
  journal.verdict(walked);
  return walked;
}

}  // namespace modemedic::operation
