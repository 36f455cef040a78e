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

/// `backup --efs` makes a .tar, `backup` a .zip.
bool is_archive(const std::string& path) {
  return path.ends_with(".tar");
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
  TRY_ASSIGN(auto owner, is_archive(path) ? owner_of_files(path, stop) : owner_of_chip(path, stop));
  auto revision = firmware::parse_revision(owner.revision);
  if (revision && package.revision && revision->order_code != package.revision->order_code) {
    return of_another(
        fmt::format("it is of a {}, the package is for a {}", revision->order_code, package.revision->order_code));
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
