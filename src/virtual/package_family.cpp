#include "virtual/package_family.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::twin {

std::span<const PackageFamily> package_families() {
  static const PackageFamily families[] = {
      {"9x07", "MDM9607", "mdm9607", "prog_nand_firehose_9x07.mbn", {"ENPRG9x07.mbn", "NPRG9x07.mbn"}, ""},
      {"9x40", "MDM9640", "mdm9640-perf", "prog_nand_firehose_9x45.mbn", {}, "EP06ELAR04A20M4G"},
      {"sdx20", "SDX20", "sdx20", "prog_firehose_9x65.mbn", {}, "EM12GPAR01A20M4G"},
      {"sdx24", "SDX24", "sdxpoorwills", "prog_firehose_sdx24.mbn", {}, "EM160RGLAUR02A07M4G"},
      {"sdx55",
       "SDX55",
       "sdxprairie",
       "prog_firehose_sdx55.mbn",
       {"abl.elf", "multi_image.mbn", "uefi.elf", "xbl_cfg.elf"},
       "RM502QAEAAR13A02M4G"},
      {"sdx6x",
       "SDX62",
       "sdxlemur",
       "prog_firehose_sdx6x.elf",
       {"abl.elf", "multi_image.mbn", "uefi.elf", "xbl_cfg.elf"},
       "RM520NGLAAR01A07M4G_01.200.01.200"},
      {"sdx75", "SDX75", "sdx75", "prog_firehose_sdx7x.elf", {"abl.elf", "uefi.elf"}, "RM551EGLAAR01A01M8G"},
  };
  return families;
}

const PackageFamily& package_family(std::string_view chip) {
  auto families = package_families();
  auto found = std::ranges::find(families, chip, &PackageFamily::chip);
  return found == families.end() ? families.front() : *found;
}

ImageNames image_names(const PackageFamily& family, const Geometry& geometry) {
  if (family.chip == "9x07" && geometry.page_size == 2048) {
    return {"update/mdm9607-perf-boot.img", "update/mdm9607-perf-sysfs.ubi",
            "update/mdm-perf-recovery-image-mdm9607-perf.ubi"};
  }
  return {fmt::format("update/{}-boot.img", family.prefix), fmt::format("update/{}-sysfs.ubi", family.prefix),
          fmt::format("update/{}-recovery.ubi", family.prefix)};
}

}  // namespace modemedic::twin
