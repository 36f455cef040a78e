#include "virtual/boot_stages.h"

#include "firmware/boot_image.h"
#include "firmware/mbn.h"
#include "firmware/revision_scan.h"
#include "virtual/chip_table.h"
#include "virtual/force_flag.h"

#include <fmt/format.h>

namespace modemedic::twin {

using Kind = BootOutcome::Kind;

BootOutcome boot_ends(Kind kind, std::string because) {
  BootOutcome outcome;
  outcome.kind = kind;
  outcome.because = std::move(because);
  return outcome;
}

std::optional<std::string> why_broken(const PartitionReader& partition, BootStages::Check check) {
  auto written = partition.written();
  auto size = check(written.bytes);
  if (size) {
    return std::nullopt;
  }
  return written.torn ? fmt::format("a page after {} bytes is torn", written.bytes.size()) : size.error().what;
}

std::vector<std::string> revision_names_in(const PartitionReader& partition) {
  firmware::RevisionScan names;
  Buffer block;
  for (std::uint64_t n = 0; n < partition.good_blocks(); ++n) {
    if (partition.read_block(n, block) == PartitionReader::BlockState::readable) {
      names.feed(block);
    }
  }
  return names.found();
}

std::optional<BootOutcome> BootStages::boot_rom(std::string_view partition, Kind kind) const {
  const auto* sbl = firmware::find_partition_any_case(persona_.table, partition);
  if (sbl == nullptr || PartitionReader(nand_, sbl->range).blank()) {
    return boot_ends(kind, fmt::format("no {}", partition));
  }
  if (auto why = why_broken(PartitionReader(nand_, sbl->range), firmware::check_sbl)) {
    return boot_ends(kind, fmt::format("{} is not whole: {}", partition, *why));
  }
  return std::nullopt;
}

/// A boot loader found nothing, or something that isn't whole.
BootOutcome BootStages::stops(std::string because, bool blank) const {
  auto dark = !blank && persona_.dark_when_torn;
  return boot_ends(dark ? Kind::dark : Kind::download, std::move(because));
}

std::optional<BootOutcome> BootStages::read_table() {
  auto table = read_chip_table(nand_, persona_);
  if (!table) {
    return stops(table.error().what, table.error().what == "no MIBIB");
  }
  table_ = std::move(*table);
  return std::nullopt;
}

std::optional<PartitionReader> BootStages::find(std::string_view partition) const {
  const auto* found = firmware::find_partition_any_case(table_, partition);
  return found == nullptr ? std::nullopt : std::optional(PartitionReader(nand_, found->range));
}

std::optional<BootOutcome> BootStages::load(std::string_view partition, Check check) const {
  auto found = find(partition);
  if (!found || found->blank()) {
    return stops(fmt::format("no {}", partition), true);
  }
  if (auto why = why_broken(*found, check)) {
    return stops(fmt::format("{} is not whole: {}", partition, *why), false);
  }
  return std::nullopt;
}

std::optional<BootOutcome> BootStages::boot_loader() const {
  const auto* misc = firmware::find_partition_any_case(table_, "misc");
  if (misc != nullptr && force_fastboot(nand_, misc->range)) {
    return boot_ends(Kind::fastboot, "force flag in misc");
  }
  return kernel_starts() ? std::nullopt : std::optional(boot_ends(Kind::fastboot, "boot has no ANDROID!"));
}

bool BootStages::kernel_starts() const {
  auto boot = find("boot");
  if (!boot) {
    return false;
  }
  auto page = boot->read(0, nand_.geometry().page_size);
  return page && firmware::has_boot_magic(*page);
}

std::optional<BootOutcome> BootStages::kernel() const {
  auto boot = find("boot");  // there: the boot loader has seen its ANDROID!
  if (auto why = why_broken(*boot, firmware::check_boot_image)) {
    return boot_ends(Kind::loop, "boot is not whole: " + *why);
  }
  return std::nullopt;
}

}  // namespace modemedic::twin
