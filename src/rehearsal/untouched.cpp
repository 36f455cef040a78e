#include "rehearsal/untouched.h"

#include "firmware/partition.h"

#include <algorithm>
#include <vector>

namespace modemedic::rehearsal {

namespace {

/// Its images have no places: the twin's table knows them. fastboot's own flag is in misc.
void add_by_name(std::vector<SectorRange>& touched, const Scene& scene) {
  for (const auto& partition : scene.persona.table) {
    auto has_image = std::ranges::find(scene.package.images, partition.name, &firmware::Image::partition) !=
                     scene.package.images.end();
    if (has_image || partition.name == "misc") {
      touched.push_back(partition.range);
    }
  }
}

}  // namespace

std::string untouchable(const twin::Nand& nand, const Scene& scene) {
  std::vector<SectorRange> touched;
  for (const auto& step : scene.plan.plan().steps) {
    if (step.range.count.n > 0) {
      touched.push_back(step.range);
    }
  }
  for (const auto& image : scene.package.images) {
    touched.push_back(image.range);
  }
  if (scene.package.kind == firmware::PackageKind::streaming) {
    add_by_name(touched, scene);
  }
  std::sort(touched.begin(), touched.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
  std::string prints;
  Sectors at{0};
  auto add_up_to = [&](Sectors end) {
    if (at < end) {
      prints += nand.fingerprint({at, end - at});
    }
  };
  for (const auto& range : touched) {
    add_up_to(range.start);
    at = std::max(at, range.end());
  }
  add_up_to(scene.persona.geometry.chip_sectors());
  return prints;
}

std::string all_but_flag(const twin::Nand& nand, const Scene& scene) {
  const auto* misc = scene.package.kind == firmware::PackageKind::streaming
                         ? firmware::find_partition(scene.persona.table, "misc")
                         : nullptr;
  if (misc == nullptr) {
    return std::to_string(nand.changes());
  }
  auto end = misc->range.end();
  return nand.fingerprint({Sectors{0}, misc->range.start}) +
         nand.fingerprint({end, scene.persona.geometry.chip_sectors() - end});
}

}  // namespace modemedic::rehearsal
