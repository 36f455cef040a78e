#include "firmware/package_streaming.h"

#include "firmware/bad_file.h"
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

  /// "*rootfs*.yaffs2"
  std::string pattern() const { return fmt::format("{}{}{}*{}", starts, holds.empty() ? "" : "*", holds, ends); }
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

}  // namespace

Result<void> link_streaming_images(Package& package) {
  for (const auto& place : places) {
    auto found = files_for(package, place);
    if (found.empty()) {
      return fail(Code::package_bad)
          .what(fmt::format("the image for {} is missing ({})", place.partition, place.pattern()))
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
    package.images.push_back({found[0], std::string(place.partition), {}, 0, "named " + place.pattern()});
  }
  return {};
}

}  // namespace modemedic::firmware
