#include "firmware/package_layout.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr auto nothing_done = "; nothing was sent to a modem";

/// The names of a source, folded, for questions like "is there any *.yaffs2".
class Names {
public:
  explicit Names(const Source& source) {
    for (const auto& entry : source.entries()) {
      paths_.push_back(fold_case(entry.path));
    }
  }

  bool any_named(std::string_view name) const {
    return any([&](std::string_view path) { return last_part(path) == name; });
  }

  bool any_ending(std::string_view end) const {
    return any([&](std::string_view path) { return path.ends_with(end); });
  }

  bool any_holding(std::string_view part) const {
    return any([&](std::string_view path) { return path.find(part) != std::string_view::npos; });
  }

  template <typename Fits>
  bool any(Fits fits) const {
    return std::any_of(paths_.begin(), paths_.end(), fits);
  }

private:
  std::vector<std::string> paths_;
};

/// Images, but no Firehose programmer beside them.
bool has_9x07_images(const Names& names) {
  return names.any_named("nprg9x07.mbn") || names.any_named("enprg9x07.mbn") || names.any_named("non-hlos.ubi") ||
         (names.any_named("appsboot.mbn") && names.any_named("sbl1.mbn"));
}

Failure is(std::string_view what, std::string_view hint) {
  return fail(Code::package_bad)
      .what(fmt::format("it is no package that can be flashed: {}", what))
      .hint(fmt::format("{}{}", hint, nothing_done));
}

}  // namespace

std::optional<Error> known_no_package(const Source& source) {
  Names names(source);
  if (names.any_ending(".yaffs2")) {
    return is("it looks like one for the older EC20 (MDM9x15), without its loader NPRG9x15.hex",
              "if you named a part of the package, name its top folder; else get a whole one from the vendor");
  }
  if (names.any_holding("meta-inf/com/google/android/") || names.any_holding("dfota") ||
      names.any_holding("updater-script")) {
    return is("it looks like a DFOTA (delta) upgrade, which fits one source and one target revision only",
              "the running modem takes it by AT+QFOTADL; to flash, get the full package of the revision you want");
  }
  if (names.any_named("payload.bin") && names.any_named("payload_properties.txt")) {
    return is("it looks like an over-the-air upgrade (payload.bin), which only the running modem can take",
              "to flash, get the full package of the revision you want");
  }
  if (has_9x07_images(names)) {
    return is(
        "it has the images of a 9x07 package, but no update/firehose folder with a rawprogram file and a "
        "programmer",
        "if you named a part of the package, name its top folder; else get a package with a firehose folder from "
        "the vendor");
  }
  return std::nullopt;
}

Failure no_package(const Source& source) {
  if (auto known = known_no_package(source)) {
    return fail(std::move(*known));
  }
  if (source.entries().empty()) {
    return is("it is empty", "look whether it was unpacked, and whether the disk it lies on is mounted");
  }
  auto packed =
      std::ranges::find_if(source.entries(), [](const auto& entry) { return fold_case(entry.path).ends_with(".rar"); });
  if (packed != source.entries().end()) {
    return is(fmt::format("there is another archive in it, \"{}\"", printable(packed->path)),
              "unpack it once, and name what was in it");
  }
  return is("there is no rawprogram*.xml in it, nor anything else that we know of a firmware package",
            "name the folder or archive that holds md5.txt and update/");
}

}  // namespace modemedic::firmware
