#include "knowledge/rule_facts.h"

#include "knowledge/chips.h"

#include <array>

#include <fmt/format.h>

namespace modemedic::knowledge {

void ModemFacts::take_boot_rom(std::optional<std::uint64_t> told_hwid, std::string_view hash) {
  hwid = told_hwid ? told_hwid : hwid;
  key_hash = hash.empty() ? key_hash : std::string(hash);
  const auto* row = hwid ? find_chip(*hwid) : nullptr;
  if (row == nullptr) {
    return;
  }
  chip = chip.empty() ? row->family : chip;
  if (!key_hash.empty()) {
    // What AT said is the firmware's opinion; a fuse that either of the two knows of counts.
    fused = fused.value_or(false) || key_hash != row->unfused_key_hash;
  }
}

PackageFacts facts_of(const firmware::Package& package) {
  PackageFacts facts;
  facts.revision = package.revision;
  facts.chip = package.chip;
  if (package.maker.state != firmware::Maker::State::unknown) {
    facts.foreign = package.maker.state == firmware::Maker::State::other;
    facts.maker = package.maker.name;
  }
  if (package.geometry.page_size != 0 && package.geometry.pages_per_block != 0) {
    facts.geometry = package.geometry;
  }
  facts.leaves_layout = package.kind == firmware::PackageKind::streaming;
  facts.signing = package.signing;
  if (!package.table.empty()) {
    facts.table = package.table;
  }
  return facts;
}

std::string cells_name(const Geometry& geometry) {
  return fmt::format("p{}K_b{}K", geometry.page_size / 1_KiB, geometry.block_size() / 1_KiB);
}

std::optional<Geometry> parse_cells(std::string_view name) {
  static constexpr std::array<Geometry, 2> known = {{{2048, 64, 2048}, {4096, 64, 2048}}};
  for (const auto& geometry : known) {
    if (cells_name(geometry) == name) {
      return geometry;
    }
  }
  return std::nullopt;
}

}  // namespace modemedic::knowledge
