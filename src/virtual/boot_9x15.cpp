#include "virtual/boot_9x15.h"

#include "firmware/mbn.h"
#include "firmware/yaffs2.h"
#include "virtual/booted_revision.h"

#include <optional>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

using Kind = BootOutcome::Kind;

/// Why a partition doesn't hold a whole YAFFS2 image; empty when it does.
std::string yaffs2_problem(const BootStages& stages, const PartitionReader& partition) {
  auto written = partition.written();
  if (written.torn) {
    return fmt::format("a page after {} bytes is torn", written.bytes.size());
  }
  firmware::Yaffs2Walk walk;
  auto page_size = stages.nand().geometry().page_size;
  for (auto rest = ByteView(written.bytes); !rest.empty(); rest = rest.subspan(page_size)) {
    walk.page(rest.first(page_size));
  }
  return walk.problem();
}

/// Why the modem's own processors don't start; empty when they do.
std::string modem_problem(const BootStages& stages) {
  for (const auto* name : {"dsp1", "dsp2", "dsp3"}) {
    auto partition = stages.find(name);
    if (!partition || partition->blank()) {
      return fmt::format("no {}", name);
    }
    if (auto why = why_broken(*partition, firmware::check_program)) {
      return fmt::format("{} is not whole: {}", name, *why);
    }
  }
  return {};
}

}  // namespace

BootOutcome start_linux_9x15(const BootStages& stages) {
  auto system = stages.find("system");
  if (!system) {
    return boot_ends(Kind::loop, "no system in the table");
  }
  if (auto why = yaffs2_problem(stages, *system); !why.empty()) {
    return boot_ends(Kind::loop, "system is not whole YAFFS2: " + why);
  }
  auto outcome = boot_ends(Kind::running, modem_problem(stages));
  outcome.modem_up = outcome.because.empty();
  if (outcome.modem_up) {
    // These releases have no sub-version: QGMR answers ERROR.
    outcome.cgmr = booted_revision(revision_names_in(*stages.find("dsp2")), revision_names_in(*system)).cgmr;
  }
  return outcome;
}

BootOutcome boot_9x15(const Nand& nand, const Persona& persona) {
  BootStages stages(nand, persona);
  if (auto end = stages.boot_rom("SBL1", Kind::download)) {
    return *end;
  }
  if (auto end = stages.read_table()) {
    return *end;
  }
  for (const auto* program : {"SBL2", "RPM", "APPSBL"}) {
    if (auto end = stages.load(program, firmware::check_program)) {
      return *end;
    }
  }
  if (auto end = stages.boot_loader()) {
    return *end;
  }
  if (auto end = stages.kernel()) {
    return *end;
  }
  return start_linux_9x15(stages);
}

}  // namespace modemedic::twin
