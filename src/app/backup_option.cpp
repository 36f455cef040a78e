#include "app/backup_option.h"

#include "base/bytes.h"
#include "firmware/partition_role.h"
#include "operation/backup_file.h"
#include "operation/efs_archive.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace modemedic::app {

namespace {

Failure of_another(const std::string& what) {
  return fail(Code::refused)
      .rule("efs")
      .what("the backup is not this module's: " + what)
      .hint("nobody can restore one module's IMEI and calibration onto another; nothing was sent to the modem");
}

Failure holds_nothing(const std::string& path) {
  return fail(Code::package_bad)
      .what(fmt::format("--backup {}: neither IMEI nor calibration is in it", printable(path, 300)))
      .hint("name a backup that has EFS2; nothing was sent to the modem");
}

/// Of a chip that can be read only what can be restored is a backup. Of a 9x15 there is no other copy than its files
/// and NV items: neither fastboot nor its streaming loader reads the chip.
Result<void> check_kind(bool holds_files, const firmware::Package& package, const std::string& path) {
  if (!holds_files || package.kind != firmware::PackageKind::firehose) {
    return {};
  }
  return fail(Code::refused)
      .rule("efs")
      .what(fmt::format("--backup {}: a copy of files and NV items, which nothing writes back", printable(path, 300)))
      .hint(
          "this modem's chip can be read, and what is read can be restored: modemedic backup OUT --package PACKAGE; "
          "nothing was sent to the modem");
}

Result<BackupOwner> owner_of_files(const std::string& path, const std::stop_token& stop) {
  TRY_ASSIGN(auto whole, operation::verify_efs_archive(path, stop));
  if (whole.files == 0) {
    return holds_nothing(path);
  }
  return BackupOwner{whole.imei, whole.revision, whole.time};
}

Result<BackupOwner> owner_of_chip(const std::string& path, const std::stop_token& stop) {
  TRY_ASSIGN(auto file, operation::BackupFile::open(path));
  TRY(file.verify(stop));
  const auto& manifest = file.manifest();
  auto own = std::ranges::any_of(manifest.pieces, [](const operation::BackupPiece& piece) {
    return firmware::role_of(piece.name) == firmware::Role::calibrated && piece.stored > 0;
  });
  return own ? Result<BackupOwner>(BackupOwner{manifest.imei, manifest.revision, manifest.time}) : holds_nothing(path);
}

std::string or_unknown(const std::string& text) {
  return text.empty() ? "not known" : printable(text);
}

}  // namespace

void add_backup_option(CLI::App& command, std::string& path) {
  command.add_option(
      "--backup", path,
      "this very modem's backup (modemedic backup, backup --efs): what the rule efs asks for before it can be lifted");
}

Result<std::optional<BackupOwner>> read_backup_option(const std::string& path, const firmware::Package& package,
                                                      Output& output, const std::stop_token& stop) {
  if (path.empty()) {
    return std::nullopt;
  }
  auto holds_files = operation::is_efs_archive(path);
  TRY(check_kind(holds_files, package, path));
  TRY_ASSIGN(auto owner, holds_files ? owner_of_files(path, stop) : owner_of_chip(path, stop));
  auto revision = firmware::parse_revision(owner.revision);
  if (revision && package.revision && revision->order_code != package.revision->order_code) {
    return of_another(
        fmt::format("it is of a {}, the package is for a {}", revision->order_code, package.revision->order_code));
  }
  if (holds_files) {
    output.line(
        "backup   a copy of files and NV items: a service tool may make use of it, modemedic can't write it back");
  }
  output.line(fmt::format("backup   whole: of IMEI {}, {}, made {}; see that this is the modem", or_unknown(owner.imei),
                          or_unknown(owner.revision), or_unknown(owner.time)));
  return owner;
}

Result<void> check_whose_backup(const std::optional<BackupOwner>& backup, const operation::Admission& admission) {
  const auto* known = admission.identity();
  if (backup && known != nullptr && !known->imei.empty() && !backup->imei.empty() && known->imei != backup->imei) {
    return of_another(
        fmt::format("it is of IMEI {}, the modem has {}", printable(backup->imei), printable(known->imei)));
  }
  return {};
}

}  // namespace modemedic::app
