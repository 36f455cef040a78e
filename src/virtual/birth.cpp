#include "virtual/birth.h"

#include "virtual/composition.h"
#include "virtual/force_flag.h"

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

void blank(Nand& nand, const SectorRange& range) {
  std::uint64_t pages = nand.geometry().pages_per_block;
  for (auto block = range.start.n / pages; block < range.end().n / pages; ++block) {
    nand.erase(block);
  }
}

/// The page in the middle of what is programmed, as by a power cut; what comes behind it was never written.
void tear(Nand& nand, const SectorRange& range) {
  auto end = range.start.n;
  for (auto page = range.start.n; page < range.end().n; ++page) {
    end = nand.state(page) == Nand::PageState::erased ? end : page + 1;
  }
  auto middle = range.start.n + (end - range.start.n) / 2;
  std::uint64_t pages = nand.geometry().pages_per_block;
  for (auto block = middle / pages + 1; block < range.end().n / pages; ++block) {
    nand.erase(block);
  }
  nand.tear_page(middle);
}

void spoil_efs(Nand& nand, const Persona& persona, std::string_view serial, const Faults& faults) {
  auto content = efs_for(persona, serial);
  if (faults.find("no-imei") != nullptr) {
    content.imei = no_imei;
  }
  if (faults.find("foreign-efs") != nullptr) {
    content.calibration = efs_for(persona, std::string(serial) + " another's").calibration;
  }
  if (faults.find("no-calibration") != nullptr) {
    content.calibration.clear();
  }
  if (content != efs_for(persona, serial)) {
    // A chip that does not take it has none at all, which is worse in the same way.
    (void)write_efs(nand, persona, content);
  }
}

}  // namespace

void spoil_chip(Nand& nand, const Persona& persona, std::string_view serial, const Faults& faults) {
  spoil_efs(nand, persona, serial, faults);
  for (const auto& fault : faults.all()) {
    if (fault.kind == "blank" || fault.kind == "torn") {
      if (const auto* partition = firmware::find_partition_any_case(persona.table, fault.where)) {
        fault.kind == "blank" ? blank(nand, partition->range) : tear(nand, partition->range);
      }
    } else if (fault.kind == "force-fastboot") {
      if (const auto* misc = firmware::find_partition_any_case(persona.table, "misc")) {
        set_force_fastboot(nand, misc->range);
      }
    }
  }
}

Result<void> check_faults(const Persona& persona, const Faults& faults) {
  for (const auto& fault : faults.all()) {
    auto needs_partition = fault.kind == "blank" || fault.kind == "torn";
    if (needs_partition && firmware::find_partition_any_case(persona.table, fault.where) == nullptr) {
      std::string known;
      for (const auto& partition : persona.table) {
        known += (known.empty() ? "" : ", ") + partition.name;
      }
      return fail(Code::usage)
          .what(fmt::format("{} has no partition '{}' to be spoilt", persona.id, fault.where))
          .hint("its partitions are " + known + ", in small letters");
    }
    if (fault.kind == "composition" && is_9x15(persona)) {
      return fail(Code::usage)
          .what(fmt::format("no composition of {} but the usual one is known", persona.id))
          .hint("take a 9x07 persona for " + fault.kind + "@" + fault.where);
    }
    if (fault.kind == "composition") {
      TRY(with_composition(persona.running, fault.where));
    }
  }
  return {};
}

}  // namespace modemedic::twin
