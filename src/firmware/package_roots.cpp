#include "firmware/package_layout.h"
#include "firmware/package_names.h"
#include "firmware/safe_path.h"

#include <map>
#include <set>
#include <string_view>

namespace modemedic::firmware {

namespace {

std::string with_slash(std::string_view folder) {
  return folder.empty() ? std::string{} : std::string(folder) + "/";
}

/// The root that a rawprogram file belongs to: the nearest folder above it with an md5.txt or contents.xml, else the
/// one that holds update/firehose or firehose, else its own.
std::string firehose_root(std::string_view rawprogram, const std::set<std::string>& folded) {
  auto own = folder_of(rawprogram);
  for (auto folder = own;; folder = folder_of(folder)) {
    auto prefix = fold_case(with_slash(folder));
    if (folded.contains(prefix + "md5.txt") || folded.contains(prefix + "contents.xml")) {
      return with_slash(folder);
    }
    if (folder.empty()) {
      break;
    }
  }
  auto folder = own;
  for (std::string_view part : {"firehose", "update"}) {
    if (fold_case(last_part(folder)) == part) {
      folder = folder_of(folder);
    }
  }
  return with_slash(folder);
}

}  // namespace

std::vector<PackageRoot> find_roots(const Source& source, const PackageChoice& choice) {
  std::set<std::string> folded;
  for (const auto& entry : source.entries()) {
    folded.insert(fold_case(entry.path));
  }
  std::map<std::string, PackageKind> roots;
  std::set<std::string> chosen;
  for (const auto& [path, size] : source.entries()) {
    bool is_chosen = !choice.rawprogram.empty() && names::is_meant_by(path, choice.rawprogram);
    if (names::is_rawprogram(path) || is_chosen) {
      auto root = firehose_root(path, folded);
      roots[root] = PackageKind::firehose;
      if (is_chosen) {
        chosen.insert(root);
      }
    } else if (names::is_streaming_loader(path)) {
      roots.try_emplace(with_slash(folder_of(path)), PackageKind::streaming);
    }
  }
  // The whole path of a rawprogram file chooses between packages, too.
  if (chosen.size() == 1) {
    return {{*chosen.begin(), PackageKind::firehose}};
  }
  std::vector<PackageRoot> list;
  list.reserve(roots.size());
  for (auto& [folder, kind] : roots) {
    list.push_back({folder, kind});
  }
  return list;
}

}  // namespace modemedic::firmware
