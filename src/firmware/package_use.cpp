#include "firmware/package_use.h"

#include "firmware/package_names.h"

#include <optional>

namespace modemedic::firmware {

void set_uses(Package& package, const PackageLayout& layout) {
  auto set = [&](std::optional<std::size_t> index, FileUse use) {
    if (index) {
      package.files[*index].use = use;
    }
  };
  for (auto about : {layout.md5_list, layout.contents, layout.patch, layout.user_table, layout.user_table_xml}) {
    set(about, FileUse::about);
  }
  set(layout.rawprogram, FileUse::steering);
  for (const auto& image : package.images) {
    set(image.file, FileUse::image);
  }
  set(layout.programmer, FileUse::programmer);
  for (auto& file : package.files) {
    if (names::is_streaming_loader(file.path)) {
      file.use = FileUse::programmer;  // the other loader, for a modem that refuses the first one's address
    }
  }
}

std::vector<PartitionFate> partition_fates(const Package& package) {
  std::vector<PartitionFate> fates;
  for (const auto& partition : package.table) {
    PartitionFate fate{&partition, role_of(partition.name)};
    for (const auto& command : package.commands) {
      if (command.range.overlaps(partition.range)) {
        fate.kind = PartitionFate::Kind::erased;
      }
    }
    for (const auto& image : package.images) {
      if (image.range.overlaps(partition.range)) {
        fate.kind = PartitionFate::Kind::written;
        fate.image = &package.file(image);
      }
    }
    fates.push_back(fate);
  }
  return fates;
}

}  // namespace modemedic::firmware
