#include "plan/reference_chip.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace modemedic::plan {

namespace {

struct Sector {
  enum class Holds { old, blank, image, spoilt };
  Holds holds = Holds::old;
  std::size_t image = 0;

  bool operator==(const Sector&) const = default;
};

/// For each sector what it must hold in the end; nothing where the flash has no business.
std::vector<std::optional<Sector>> wanted_chip(const firmware::Package& package) {
  std::vector<std::optional<Sector>> wanted(package.geometry.chip_sectors().n);
  for (const auto& command : package.commands) {
    for (auto s = command.range.start; s < command.range.end(); s += {1}) {
      wanted[s.n] = Sector{Sector::Holds::blank};
    }
  }
  for (std::size_t i = 0; i < package.images.size(); ++i) {
    const auto& image = package.images[i];
    auto end = image.range.start + package.geometry.sectors_for(package.file(image).size);
    for (auto s = image.range.start; s < end; s += {1}) {
      wanted[s.n] = Sector{Sector::Holds::image, i};
    }
  }
  return wanted;
}

bool is_sbl(const std::string& name) {
  return name == "SBL" || name == "sbl";
}

}  // namespace

std::string walk_sector_by_sector(const Plan& plan, const firmware::Package& package, const Standing& standing) {
  auto wanted = wanted_chip(package);
  std::vector<Sector> chip(wanted.size());
  for (auto i : standing) {
    const auto& range = package.images[i].range;
    auto data_end = range.start + package.geometry.sectors_for(package.file(package.images[i]).size);
    for (auto s = range.start; s < range.end(); s += {1}) {
      chip[s.n] = s < data_end ? Sector{Sector::Holds::image, i} : Sector{Sector::Holds::blank};
    }
  }
  auto sbl =
      std::find_if(package.images.begin(), package.images.end(), [](const auto& i) { return is_sbl(i.partition); });
  auto right = [&](std::uint64_t s) { return !wanted[s] || chip[s] == *wanted[s]; };
  auto sbl_present = [&] { return chip[sbl->range.start.n].holds != Sector::Holds::blank; };
  auto sbl_known_blank = false;

  for (const auto& step : plan.steps) {
    auto erases = step.kind == Step::Kind::erase;
    if (step.kind == Step::Kind::prove_erased && step.range == sbl->range) {
      sbl_known_blank = true;
    }
    if (!erases && step.kind != Step::Kind::program) {
      continue;
    }
    auto other = step.range != sbl->range && step.name != sbl->partition;
    if (other && (sbl_present() || !sbl_known_blank)) {
      return step.what + " while SBL may be there";
    }
    for (auto s = step.range.start; s < step.range.end(); s += {1}) {
      if (s.n >= chip.size() || !wanted[s.n]) {
        return step.what + " touches what is not the package's";
      }
      auto blank = chip[s.n].holds == Sector::Holds::blank;
      chip[s.n] = erases ? Sector{Sector::Holds::blank}
                         : Sector{blank ? Sector::Holds::image : Sector::Holds::spoilt, step.image};
    }
    for (std::uint64_t s = 0; sbl_present() && sbl_known_blank && s < chip.size(); ++s) {
      if (!right(s)) {
        return step.what + " puts SBL there although sector " + std::to_string(s) + " is not right";
      }
    }
  }
  for (std::uint64_t s = 0; s < chip.size(); ++s) {
    if (!right(s)) {
      return "in the end sector " + std::to_string(s) + " is not right";
    }
  }
  return {};
}

}  // namespace modemedic::plan
