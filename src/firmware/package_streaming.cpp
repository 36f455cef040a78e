#include "firmware/package_streaming.h"

#include "firmware/bad_file.h"
#include "firmware/boot_image.h"
#include "firmware/package_names.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

/// Which file goes where, by its name without folders and in lower case.
struct Place {
  std::string_view partition;
  std::string_view starts;
  std::string_view holds;
  std::string_view ends;

  bool takes(std::string_view name) const {
    return name.starts_with(starts) && name.find(holds) != std::string_view::npos && name.ends_with(ends);
  }
};

// The boot loader's part goes by streaming download under these names, the rest by fastboot under its own.
constexpr Place places[] = {
    {"SBL1", "sbl1", "", ".mbn"},
    {"SBL2", "sbl2", "", ".mbn"},
    {"RPM", "rpm", "", ".mbn"},
    {"APPSBL", "appsboot", "", ".mbn"},
    {"dsp1", "dsp1", "", ".mbn"},
    {"dsp2", "dsp2", "", ".mbn"},
    {"dsp3", "dsp3", "", ".mbn"},
    {"boot", "boot-", "", ".img"},
    {"recovery", "recovery-boot-", "", ".img"},
    {"system", "", "rootfs", ".yaffs2"},
    {"userdata", "", "usr-image", ".yaffs2"},
    {"recoveryfs", "", "recovery-image", ".yaffs2"},
};

std::vector<std::size_t> files_for(const Package& package, const Place& place) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < package.files.size(); ++i) {
    const auto& path = package.files[i].path;
    if (folder_of(path).empty() && place.takes(fold_case(path))) {
      found.push_back(i);
    }
  }
  return found;
}

const PackageFile* file_named(const Package& package, std::string_view name) {
  auto found = std::ranges::find_if(package.files, [&](const auto& file) { return fold_case(file.path) == name; });
  return found == package.files.end() ? nullptr : &*found;
}

}  // namespace

Result<void> link_streaming_images(Package& package) {
  for (const auto& place : places) {
    auto found = files_for(package, place);
    if (found.empty()) {
      return fail(Code::package_bad)
          .what(fmt::format("the image for {} is missing ({}{}{}*{})", place.partition, place.starts,
                            place.holds.empty() ? "" : "*", place.holds, place.ends))
          .hint("unpack or download the package again: it is not whole; nothing was sent to a modem");
    }
    if (found.size() > 1) {
      return fail(Code::package_bad)
          .what(fmt::format("both {} and {} could be the image for {}", printable(package.files[found[0]].path),
                            printable(package.files[found[1]].path), place.partition))
          .hint("nothing in such a package says which is meant: keep the right one in a copy of it");
    }
    if (package.files[found[0]].size == 0) {
      return bad_file(package.files[found[0]].path, "it is empty");
    }
    package.images.push_back({found[0], std::string(place.partition), {}, 0});
  }
  return {};
}

void add_streaming_findings(Package& package) {
  auto add = [&](Finding::Level level, const char* id, std::string text) {
    package.findings.push_back({level, id, std::move(text)});
  };
  add(Finding::Level::note, "streaming",
      "packages for the 9x15 say nowhere what belongs where: it follows from the files' names");
  for (const auto& image : package.images) {
    const auto& file = package.file(image);
    if ((image.partition == "boot" || image.partition == "recovery") && !has_boot_magic(file.head)) {
      add(Finding::Level::warning, "image-shape", printable(file.path) + " is no boot image (ANDROID!)");
    }
  }
  const auto& loader = package.files[package.programmer];
  if (!as_text(loader.head).starts_with(':')) {
    add(Finding::Level::warning, "image-shape", printable(loader.path) + " is no Intel HEX file");
  }
  if (package.user_table.empty()) {
    add(Finding::Level::warning, "user-table", "it brings no partition.mbn");
  }
  const auto* first = file_named(package, "yaffs_head.aa");
  const auto* second = file_named(package, "yaffs_head.ab");
  if (first != nullptr && second != nullptr) {
    add(Finding::Level::note, "split-image",
        fmt::format("yaffs_head.aa and .ab are the pieces of one image of {} bytes", first->size + second->size));
  } else if (first != nullptr || second != nullptr) {
    add(Finding::Level::error, "split-image",
        fmt::format("of the image in two pieces, yaffs_head.{} is missing", first == nullptr ? "aa" : "ab"));
  }
}

}  // namespace modemedic::firmware
