#include "operation/known_backups.h"

#include "firmware/safe_path.h"
#include "operation/backup_file.h"

#include <algorithm>
#include <string>
#include <vector>

namespace modemedic::operation {

namespace fs = std::filesystem;

namespace {

/// More than a workshop flashes in a year; nobody waits for more to be opened.
constexpr std::size_t most_files = 500;

struct Candidate {
  std::string time;
  fs::path path;
};

/// Each of the two that both know must be the same, and one must be known to both.
bool belongs_to(const BackupManifest& manifest, const BackupOwner& owner) {
  auto known_to_both = [](const std::string& a, const std::string& b) { return !a.empty() && !b.empty(); };
  auto serials = known_to_both(manifest.chip_serial, owner.chip_serial);
  auto imeis = known_to_both(manifest.imei, owner.imei);
  return (serials || imeis) && (!serials || manifest.chip_serial == owner.chip_serial) &&
         (!imeis || manifest.imei == owner.imei);
}

/// One that was made when IMEI or EFS were gone already brings nothing back.
bool brings_back_imei(const BackupManifest& manifest) {
  auto holds_efs = std::ranges::any_of(manifest.pieces, [](const BackupPiece& piece) {
    return firmware::fold_case(piece.name) == "efs2" && piece.stored > 0;
  });
  auto whole = std::ranges::all_of(manifest.pieces, [](const auto& piece) { return piece.unreadable.empty(); });
  return holds_efs && whole && !manifest.imei.empty();
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    std::error_code unreadable;
    if (at->path().extension() == ".zip" && at->is_regular_file(unreadable)) {
      files.push_back(at->path());
    }
  }
  std::ranges::sort(files);
  files.resize(std::min(files.size(), most_files));
  return files;
}

}  // namespace

std::optional<fs::path> find_backup(const fs::path& folder, const BackupOwner& owner, const std::stop_token& stop) {
  if (folder.empty() || (owner.chip_serial.empty() && owner.imei.empty())) {
    return std::nullopt;
  }
  std::vector<Candidate> candidates;
  for (const auto& path : files_in(folder)) {
    auto backup = BackupFile::open(path.string());
    if (backup && belongs_to(backup->manifest(), owner) && brings_back_imei(backup->manifest())) {
      candidates.push_back({backup->manifest().time, path});
    }
  }
  std::ranges::stable_sort(candidates, std::ranges::greater{}, &Candidate::time);
  for (const auto& candidate : candidates) {
    auto backup = BackupFile::open(candidate.path.string());
    if (backup && backup->verify(stop)) {
      return candidate.path;
    }
  }
  return std::nullopt;
}

}  // namespace modemedic::operation
