#include "firmware/chip_family.h"

#include "firmware/safe_path.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

struct Family {
  std::string_view id;
  std::string_view programmer;  ///< the last word of its name
  std::array<std::string_view, 3> chipids;
  std::string_view image;      ///< how names of its images begin
  std::uint32_t hardware = 0;  ///< the chip's number; 0 where none is known
};

// Names of one release of each: docs/protocols/package.md.
constexpr Family families[] = {
    {"9x06", "9x06", {"mdm9206"}, "mdm9206"},
    {"9x07", "9x07", {"mdm9607", "mdm9207"}, "mdm9607", 0x000480E1},
    {"9x15", "", {"mdm9615", "msm9615"}, "9615-cdp"},
    {"9x40", "9x45", {"mdm9640", "mdm9645"}, "mdm9640"},
    {"sdx20", "9x65", {"sdx20", "mdm9650", "mdm9665"}, "sdx20"},
    {"sdx24", "sdx24", {"sdx24", "sdxpoorwills"}, "sdxpoorwills"},
    {"sdx55", "sdx55", {"sdx55", "sdxprairie"}, "sdxprairie"},
    {"sdx6x", "sdx6x", {"sdx62", "sdx65", "sdxlemur"}, "sdxlemur"},
    {"sdx75", "sdx7x", {"sdx75"}, ""},
};

template <typename Fits>
const Family* find(Fits fits) {
  const auto* found = std::find_if(std::begin(families), std::end(families), fits);
  return found == std::end(families) ? nullptr : found;
}

}  // namespace

std::string family_of_programmer(std::string_view path) {
  auto name = fold_case(last_part(path));
  name = name.substr(0, name.rfind('.'));
  auto underscore = name.rfind('_');
  if (underscore == std::string::npos) {
    return {};
  }
  auto word = name.substr(underscore + 1);
  const auto* family = find([&](const Family& f) { return f.programmer == word; });
  return family != nullptr ? std::string(family->id) : word;
}

std::string family_of_chipid(std::string_view chipid) {
  auto folded = fold_case(chipid);
  const auto* family =
      folded.empty() ? nullptr
                     : find([&](const Family& f) { return std::ranges::find(f.chipids, folded) != f.chipids.end(); });
  return family != nullptr ? std::string(family->id) : folded;
}

std::string family_of_image(std::string_view path) {
  auto name = fold_case(last_part(path));
  const auto* family = find([&](const Family& f) { return !f.image.empty() && name.starts_with(f.image); });
  return family != nullptr ? std::string(family->id) : std::string{};
}

std::string family_of_hardware(std::uint64_t hardware_id) {
  auto number = static_cast<std::uint32_t>(hardware_id >> 32U);
  const auto* family = find([&](const Family& f) { return f.hardware != 0 && f.hardware == number; });
  return family != nullptr ? std::string(family->id) : std::string{};
}

}  // namespace modemedic::firmware
