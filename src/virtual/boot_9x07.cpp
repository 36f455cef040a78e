#include "virtual/boot_9x07.h"

#include "firmware/mbn.h"
#include "firmware/ubi.h"
#include "virtual/booted_revision.h"

#include <optional>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

using Kind = BootOutcome::Kind;

/// Linux and the modem DSP: what comes when the boot loader jumps.
class Linux {
public:
  explicit Linux(const BootStages& stages) : stages_(stages) {}

  BootOutcome start() const {
    auto system = read_ubi("system");
    if (!system.why.empty()) {
      return boot_ends(Kind::loop, "system is not whole UBI: " + system.why);
    }
    auto outcome = boot_ends(Kind::running, "");
    auto modem = read_ubi("modem");
    outcome.modem_up = modem.why.empty();
    if (!outcome.modem_up) {
      outcome.because = "modem is not whole UBI: " + modem.why;
      return outcome;
    }
    auto ours = !modem.version.oem.empty();
    auto revision = ours ? booted_revision(modem.version, system.version) : booted_revision(modem.names, system.names);
    outcome.cgmr = revision.cgmr;
    outcome.qgmr = revision.qgmr;
    return outcome;
  }

private:
  struct Ubi {
    std::string why;  ///< it isn't whole; empty when it is
    VersionLines version;
    std::vector<std::string> names;  ///< of revisions in it, looked for when it
                                     ///< has no version lines of ours
  };

  Ubi read_ubi(std::string_view name) const {
    Ubi ubi;
    auto partition = stages_.find(name);
    if (!partition) {
      ubi.why = "not in the table";
      return ubi;
    }
    auto summary = scan(*partition);
    if (!summary) {
      ubi.why = summary.error().what;
      return ubi;
    }
    for (const auto& volume : summary->volumes) {
      auto lines = read_version_lines(as_text(volume.head));
      if (!lines.oem.empty()) {
        ubi.version = lines;
        return ubi;
      }
    }
    ubi.names = revision_names_in(*partition);
    return ubi;
  }

  Result<firmware::UbiSummary> scan(const PartitionReader& reader) const {
    firmware::UbiScan ubi(stages_.nand().geometry().block_size());
    Buffer block;
    for (std::uint64_t n = 0; n < reader.good_blocks(); ++n) {
      switch (reader.read_block(n, block)) {
        case PartitionReader::BlockState::erased:
          break;
        case PartitionReader::BlockState::torn:
          ubi.block(std::nullopt);
          break;
        case PartitionReader::BlockState::readable:
          ubi.block(block);
          break;
      }
    }
    TRY_ASSIGN(auto summary, ubi.finish());
    if (summary.unreadable > 0) {
      return fail(Code::package_bad).what(fmt::format("{} of its blocks can't be read", summary.unreadable));
    }
    return summary;
  }

  const BootStages& stages_;
};

}  // namespace

BootOutcome start_linux_9x07(const BootStages& stages) {
  return Linux(stages).start();
}

BootOutcome boot_9x07(const Nand& nand, const Persona& persona) {
  BootStages stages(nand, persona);
  if (auto end = stages.boot_rom("SBL", Kind::edl)) {
    return *end;
  }
  if (auto end = stages.read_table()) {
    return *end;
  }
  for (const auto* program : {"TZ", "RPM", "aboot"}) {
    if (auto end = stages.load(program, firmware::check_elf)) {
      return *end;
    }
  }
  if (auto end = stages.boot_loader()) {
    return *end;
  }
  if (auto end = stages.kernel()) {
    return *end;
  }
  return start_linux_9x07(stages);
}

}  // namespace modemedic::twin
