#include "firmware/package_layout.h"

#include "firmware/package_names.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::firmware {

namespace {

constexpr std::ptrdiff_t deepest_root = 3;
constexpr std::size_t most_listed = 20;

class LayoutFinder {
public:
  LayoutFinder(const Source& source, const PackageChoice& choice) : source_(source), choice_(choice) {}

  Result<PackageLayout> find(const PackageRoot& root) {
    layout_.kind = root.kind;
    layout_.root = root.folder;
    if (std::count(layout_.root.begin(), layout_.root.end(), '/') > deepest_root) {
      return fail(Code::package_bad)
          .what(fmt::format("the package lies more than {} folders deep, in {}", deepest_root, printable(layout_.root)))
          .hint("name the package's own folder");
    }
    for (std::size_t i = 0; i < source_.entries().size(); ++i) {
      const auto& path = source_.entries()[i].path;
      if (path.starts_with(layout_.root)) {
        layout_.entries.push_back(i);
        layout_.paths.push_back(path.substr(layout_.root.size()));
      }
    }
    if (layout_.kind == PackageKind::streaming) {
      TRY(find_loader());
    } else {
      TRY_ASSIGN(layout_.rawprogram, choose("rawprogram file", "--rawprogram", "rawprogram*.xml", choice_.rawprogram,
                                            names::is_rawprogram));
      TRY_ASSIGN(layout_.programmer, choose("Firehose programmer", "--programmer", "prog_nand_firehose_*.mbn",
                                            choice_.programmer, names::is_programmer));
      layout_.patch = find_patch();
    }
    layout_.md5_list = find_file("md5.txt");
    layout_.contents = find_file("contents.xml");
    layout_.user_table = find_named("partition.mbn");
    layout_.user_table_xml = find_named("partition_nand.xml");
    return std::move(layout_);
  }

private:
  /// Of the two loaders of a 9x15 package the one that is tried first (docs/protocols/package.md).
  Result<void> find_loader() {
    auto loader = find_file("nprg9x15.hex");
    loader = loader ? loader : find_file("enprg9x15.hex");
    if (!loader) {
      return fail(Code::bug).what("a 9x15 package without a loader");
    }
    layout_.programmer = *loader;
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
      if (!chosen.empty() &&
          (names::is_meant_by(layout_.paths[i], chosen) || layout_.root + layout_.paths[i] == chosen)) {
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
          .what(fmt::format("it has no {} ({})", what, pattern))
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
    for (auto index : indices) {
      if (names.size() == most_listed) {
        names.push_back(fmt::format("and {} more", indices.size() - most_listed));
        break;
      }
      names.push_back(printable(layout_.paths[index]));
    }
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
  }

  std::optional<std::size_t> find_file(std::string_view name) const {
    for (std::size_t i = 0; i < layout_.paths.size(); ++i) {
      if (fold_case(layout_.paths[i]) == name) {
        return i;
      }
    }
    return std::nullopt;
  }

  /// In whatever folder; nothing when there are several.
  std::optional<std::size_t> find_named(std::string_view name) const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < layout_.paths.size(); ++i) {
      if (fold_case(last_part(layout_.paths[i])) == name) {
        if (found) {
          return std::nullopt;
        }
        found = i;
      }
    }
    return found;
  }

  /// patch_p2K_b128K.xml beside rawprogram_nand_p2K_b128K_update.xml.
  std::optional<std::size_t> find_patch() const {
    const auto& rawprogram = layout_.paths[*layout_.rawprogram];
    for (std::size_t i = 0; i < layout_.paths.size(); ++i) {
      auto name = fold_case(last_part(layout_.paths[i]));
      if (name.starts_with("patch") && name.ends_with(".xml") && folder_of(layout_.paths[i]) == folder_of(rawprogram) &&
          fold_case(rawprogram).find(name.substr(5, name.size() - 9)) != std::string::npos) {
        return i;
      }
    }
    return std::nullopt;
  }

  const Source& source_;
  const PackageChoice& choice_;
  PackageLayout layout_;
};

}  // namespace

Result<PackageLayout> lay_out(const Source& source, const PackageRoot& root, const PackageChoice& choice) {
  return LayoutFinder(source, choice).find(root);
}

}  // namespace modemedic::firmware
