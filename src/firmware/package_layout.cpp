#include "firmware/package_layout.h"

#include "firmware/safe_path.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::firmware {

namespace {

constexpr std::ptrdiff_t deepest_root = 3;

bool is_rawprogram(std::string_view path) {
  auto name = fold_case(last_part(path));
  return name.starts_with("rawprogram") && name.ends_with(".xml");
}

bool is_programmer(std::string_view path) {
  struct Pattern {
    std::string_view start;
    std::string_view end;
  };

  constexpr Pattern patterns[] = {
      {"prog_nand_firehose_", ".mbn"}, {"prog_emmc_firehose_", ".mbn"}, {"prog_firehose_", ".mbn"},
      {"prog_firehose_", ".elf"},      {"firehose-prog", ".mbn"},       {"xbl_s_devprg_ns_", ".melf"},
  };
  auto name = fold_case(last_part(path));
  return std::any_of(std::begin(patterns), std::end(patterns), [&](const Pattern& pattern) {
    return name.starts_with(pattern.start) && name.ends_with(pattern.end);
  });
}

/// The root that a rawprogram file belongs to: the nearest folder above it with an md5.txt or contents.xml, else the
/// one that holds update/firehose or firehose, else its own. "" or with a '/' at its end.
std::string root_of(const std::string& rawprogram, const std::set<std::string>& folded) {
  auto own = std::string(folder_of(rawprogram));
  auto with_slash = [](std::string_view folder) { return folder.empty() ? std::string{} : std::string(folder) + "/"; };
  for (std::string_view folder = own;; folder = folder_of(folder)) {
    auto prefix = fold_case(with_slash(folder));
    if (folded.contains(prefix + "md5.txt") || folded.contains(prefix + "contents.xml")) {
      return with_slash(folder);
    }
    if (folder.empty()) {
      break;
    }
  }
  std::string_view folder = own;
  for (std::string_view part : {"firehose", "update"}) {
    if (fold_case(last_part(folder)) == part) {
      folder = folder_of(folder);
    }
  }
  return with_slash(folder);
}

/// What a person may type to mean this file: its path, or the last part of it.
bool is_chosen(std::string_view path, std::string_view chosen) {
  return path == chosen || last_part(path) == chosen;
}

class LayoutFinder {
public:
  LayoutFinder(const Source& source, const std::string& path, const PackageChoice& choice)
      : source_(source), path_(path), choice_(choice) {}

  Result<PackageLayout> find() {
    TRY(find_root());
    for (std::size_t i = 0; i < source_.entries().size(); ++i) {
      const auto& path = source_.entries()[i].path;
      if (path.starts_with(layout_.root)) {
        layout_.entries.push_back(i);
        layout_.paths.push_back(path.substr(layout_.root.size()));
      }
    }
    TRY_ASSIGN(layout_.rawprogram,
               choose("rawprogram file", "--rawprogram", "rawprogram*.xml", choice_.rawprogram, is_rawprogram));
    TRY_ASSIGN(layout_.programmer, choose("Firehose programmer", "--programmer", "prog_nand_firehose_*.mbn",
                                          choice_.programmer, is_programmer));
    layout_.md5_list = find_file("md5.txt");
    layout_.contents = find_file("contents.xml");
    layout_.patch = find_patch();
    return std::move(layout_);
  }

private:
  Result<void> find_root() {
    std::set<std::string> folded;
    for (const auto& entry : source_.entries()) {
      folded.insert(fold_case(entry.path));
    }
    std::set<std::string> roots;
    std::set<std::string> chosen_roots;
    for (const auto& entry : source_.entries()) {
      if (is_rawprogram(entry.path) || (!choice_.rawprogram.empty() && is_chosen(entry.path, choice_.rawprogram))) {
        auto root = root_of(entry.path, folded);
        roots.insert(root);
        if (is_chosen(entry.path, choice_.rawprogram)) {
          chosen_roots.insert(root);
        }
      }
    }
    if (roots.empty()) {
      return no_package(source_, path_);
    }
    if (roots.size() > 1 && chosen_roots.size() == 1) {
      roots = chosen_roots;
    }
    if (roots.size() > 1) {
      return fail(Code::usage)
          .what(fmt::format("there are {} packages in {}: {}", roots.size(), path_,
                            fmt::join(printable_all(roots), ", ")))
          .hint(
              "name the folder of one of them, or its rawprogram file by its whole path: --rawprogram "
              "FOLDER/update/firehose/rawprogram_….xml");
    }
    layout_.root = *roots.begin();
    if (std::count(layout_.root.begin(), layout_.root.end(), '/') > deepest_root) {
      return fail(Code::package_bad)
          .what(fmt::format("the package lies more than {} folders deep, in {}", deepest_root, printable(layout_.root)))
          .hint("name the package's own folder");
    }
    return {};
  }

  /// The one file that fits: the one chosen, or the only one.
  Result<std::size_t> choose(std::string_view what, std::string_view option, std::string_view pattern,
                             const std::string& chosen, bool (*fits)(std::string_view)) const {
    std::vector<std::size_t> candidates;
    std::vector<std::size_t> chosen_ones;
    for (std::size_t i = 0; i < layout_.paths.size(); ++i) {
      if (fits(layout_.paths[i])) {
        candidates.push_back(i);
      }
      if (!chosen.empty() && (is_chosen(layout_.paths[i], chosen) || layout_.root + layout_.paths[i] == chosen)) {
        chosen_ones.push_back(i);
      }
    }
    if (!chosen.empty() && chosen_ones.empty()) {
      return fail(Code::usage)
          .what(fmt::format("the package has no {} \"{}\"; it has {}", what, printable(chosen), list(candidates)))
          .hint(fmt::format("give {} with one of these", option));
    }
    const auto& fitting = chosen.empty() ? candidates : chosen_ones;
    if (fitting.empty()) {
      return fail(Code::package_bad)
          .what(fmt::format("{} has no {} ({})", path_, what, pattern))
          .hint(
              "the package is not whole, or for another way of flashing; download it again, or ask the vendor for one "
              "with an update/firehose folder");
    }
    if (fitting.size() > 1) {
      return fail(Code::usage)
          .what(fmt::format("the package has {} {}s: {}", fitting.size(), what, list(fitting)))
          .hint(fmt::format("choose the one for your modem: {} {}", option, printable(layout_.paths[fitting[0]])));
    }
    return fitting[0];
  }

  std::string list(const std::vector<std::size_t>& indices) const {
    std::vector<std::string> names;
    names.reserve(indices.size());
    for (auto index : indices) {
      names.push_back(printable(layout_.paths[index]));
    }
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
  }

  static std::vector<std::string> printable_all(const std::set<std::string>& roots) {
    std::vector<std::string> names;
    names.reserve(roots.size());
    for (const auto& root : roots) {
      names.push_back(root.empty() ? "its top folder" : printable(root));
    }
    return names;
  }

  std::optional<std::size_t> find_file(std::string_view name) const {
    for (std::size_t i = 0; i < layout_.paths.size(); ++i) {
      if (fold_case(layout_.paths[i]) == name) {
        return i;
      }
    }
    return std::nullopt;
  }

  /// patch_p2K_b128K.xml beside rawprogram_nand_p2K_b128K_update.xml.
  std::optional<std::size_t> find_patch() const {
    const auto& rawprogram = layout_.paths[layout_.rawprogram];
    for (std::size_t i = 0; i < layout_.paths.size(); ++i) {
      auto name = fold_case(last_part(layout_.paths[i]));
      auto middle = name.starts_with("patch") && name.ends_with(".xml") ? name.substr(5, name.size() - 9) : "-";
      if (folder_of(layout_.paths[i]) == folder_of(rawprogram) &&
          fold_case(rawprogram).find(middle) != std::string::npos) {
        return i;
      }
    }
    return std::nullopt;
  }

  const Source& source_;
  const std::string& path_;
  const PackageChoice& choice_;
  PackageLayout layout_;
};

}  // namespace

Result<PackageLayout> find_layout(const Source& source, const std::string& path, const PackageChoice& choice) {
  return LayoutFinder(source, path, choice).find();
}

}  // namespace modemedic::firmware
