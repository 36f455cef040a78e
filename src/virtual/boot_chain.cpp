#include "virtual/boot_chain.h"

#include "firmware/boot_image.h"
#include "firmware/mbn.h"
#include "firmware/mibib.h"
#include "firmware/revision_scan.h"
#include "firmware/ubi.h"
#include "virtual/booted_revision.h"
#include "virtual/force_flag.h"
#include "virtual/partition_reader.h"

#include <optional>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

using Kind = BootOutcome::Kind;

BootOutcome ends(Kind kind, std::string because) {
  BootOutcome outcome;
  outcome.kind = kind;
  outcome.because = std::move(because);
  return outcome;
}

/// Why the image at the partition's start isn't whole; nothing when it is.
std::optional<std::string> broken(const PartitionReader& partition, Result<std::uint64_t> (*check)(ByteView)) {
  auto written = partition.written();
  auto size = check(written.bytes);
  if (size) {
    return std::nullopt;
  }
  return written.torn ? fmt::format("a page after {} bytes is torn", written.bytes.size()) : size.error().what;
}

/// Power-on up to the boot loader, one stage a function; each says where the
/// chain ends, or nothing to go on.
class Chain {
public:
  Chain(const Nand& nand, const Persona& persona) : nand_(nand), persona_(persona) {}

  std::optional<BootOutcome> boot_rom() {
    const auto* sbl = firmware::find_partition_any_case(persona_.table, "sbl");
    if (sbl == nullptr || PartitionReader(nand_, sbl->range).blank()) {
      return ends(Kind::edl, "no SBL");
    }
    if (auto why = broken(PartitionReader(nand_, sbl->range), firmware::check_sbl)) {
      return ends(Kind::edl, "SBL is not whole: " + *why);
    }
    return std::nullopt;
  }

  std::optional<BootOutcome> sbl() {
    if (auto end = read_table()) {
      return end;
    }
    for (const auto* name : {"TZ", "RPM", "aboot"}) {
      if (auto end = load(name)) {
        return end;
      }
    }
    return std::nullopt;
  }

  std::optional<BootOutcome> boot_loader() const {
    const auto* misc = find("misc");
    if (misc != nullptr && force_fastboot(nand_, misc->range)) {
      return ends(Kind::fastboot, "force flag in misc");
    }
    return kernel_starts() ? std::nullopt : std::optional(ends(Kind::fastboot, "boot has no ANDROID!"));
  }

  bool knows_table() { return !read_table(); }

  /// boot's first page has ANDROID!
  bool kernel_starts() const {
    const auto* boot = find("boot");
    if (boot == nullptr) {
      return false;
    }
    auto page = PartitionReader(nand_, boot->range).read(0, nand_.geometry().page_size);
    return page && firmware::has_boot_magic(*page);
  }

  BootOutcome linux() const {
    const auto* boot = find("boot");  // there: the boot loader has seen its ANDROID!
    if (auto why = broken(PartitionReader(nand_, boot->range), firmware::check_boot_image)) {
      return ends(Kind::loop, "boot is not whole: " + *why);
    }
    auto system = read_ubi("system");
    if (!system.why.empty()) {
      return ends(Kind::loop, "system is not whole UBI: " + system.why);
    }
    auto outcome = ends(Kind::running, "");
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
  const firmware::Partition* find(std::string_view name) const {
    return firmware::find_partition_any_case(table_, name);
  }

  /// SBL found nothing, or something that isn't whole.
  BootOutcome sbl_stops(std::string because, bool blank) const {
    auto dark = !blank && persona_.dark_when_torn;
    return ends(dark ? Kind::dark : Kind::boot_sahara, std::move(because));
  }

  std::optional<BootOutcome> read_table() {
    const auto* mibib = firmware::find_partition_any_case(persona_.table, "mibib");
    if (mibib == nullptr || PartitionReader(nand_, mibib->range).blank()) {
      return sbl_stops("no MIBIB", true);
    }
    constexpr std::uint64_t pages = 4;
    auto content = PartitionReader(nand_, mibib->range).read(0, pages * nand_.geometry().page_size);
    if (!content) {
      return sbl_stops("MIBIB is torn", false);
    }
    auto table = firmware::parse_mibib(*content, nand_.geometry());
    if (!table) {
      return sbl_stops("MIBIB is not whole: " + table.error().what, false);
    }
    table_ = std::move(*table);
    return std::nullopt;
  }

  std::optional<BootOutcome> load(const char* name) const {
    const auto* partition = find(name);
    if (partition == nullptr || PartitionReader(nand_, partition->range).blank()) {
      return sbl_stops(fmt::format("no {}", name), true);
    }
    if (auto why = broken(PartitionReader(nand_, partition->range), firmware::check_elf)) {
      return sbl_stops(fmt::format("{} is not whole: {}", name, *why), false);
    }
    return std::nullopt;
  }

  struct Ubi {
    std::string why;  ///< it isn't whole; empty when it is
    VersionLines version;
    std::vector<std::string> names;  ///< of revisions in it, looked for when it
                                     ///< has no version lines of ours
  };

  Ubi read_ubi(std::string_view name) const {
    Ubi ubi;
    const auto* partition = find(name);
    if (partition == nullptr) {
      ubi.why = "not in the table";
      return ubi;
    }
    const PartitionReader reader(nand_, partition->range);
    auto summary = scan(reader);
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
    ubi.names = names_in(reader);
    return ubi;
  }

  Result<firmware::UbiSummary> scan(const PartitionReader& reader) const {
    firmware::UbiScan ubi(nand_.geometry().block_size());
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

  /// A vendor's image says what it is somewhere in its text.
  static std::vector<std::string> names_in(const PartitionReader& reader) {
    firmware::RevisionScan names;
    Buffer block;
    for (std::uint64_t n = 0; n < reader.good_blocks(); ++n) {
      if (reader.read_block(n, block) == PartitionReader::BlockState::readable) {
        names.feed(block);
      }
    }
    return names.found();
  }

  const Nand& nand_;
  const Persona& persona_;
  firmware::PartitionTable table_;
};

}  // namespace

BootOutcome boot(const Nand& nand, const Persona& persona) {
  Chain chain(nand, persona);
  if (auto end = chain.boot_rom()) {
    return *end;
  }
  if (auto end = chain.sbl()) {
    return *end;
  }
  if (auto end = chain.boot_loader()) {
    return *end;
  }
  return chain.linux();
}

BootOutcome boot_past_fastboot(const Nand& nand, const Persona& persona) {
  Chain chain(nand, persona);
  if (!chain.knows_table() || !chain.kernel_starts()) {
    return ends(Kind::dark, "continue without a kernel in boot");
  }
  return chain.linux();
}

}  // namespace modemedic::twin
