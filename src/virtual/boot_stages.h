#pragma once

#include "virtual/boot_chain.h"
#include "virtual/partition_reader.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::twin {

BootOutcome boot_ends(BootOutcome::Kind kind, std::string because);

/// What the boot chains of all chips have in common. Each stage says where the chain ends, or nothing to go on.
class BootStages {
public:
  /// Judges the image at the start of some bytes; behind it they may go on.
  using Check = Result<std::uint64_t> (*)(ByteView bytes);

  BootStages(const Nand& nand, const Persona& persona) : nand_(nand), persona_(persona) {}

  /// The boot ROM needs the first boot loader's image whole, where the persona's table says. Else: `kind`.
  std::optional<BootOutcome> boot_rom(std::string_view partition, BootOutcome::Kind kind) const;

  /// MIBIB: from here on partitions are found by the table on the chip.
  std::optional<BootOutcome> read_table();

  /// A program of the boot chain: missing leads to download mode, torn likewise or to nothing at all.
  std::optional<BootOutcome> load(std::string_view partition, Check check) const;

  /// The boot loader stays in fastboot with the force flag in misc, or without ANDROID! in boot's first page.
  std::optional<BootOutcome> boot_loader() const;

  /// boot's first page has ANDROID!
  bool kernel_starts() const;

  /// A boot image that isn't whole is a boot loop.
  std::optional<BootOutcome> kernel() const;

  /// Nothing when the table on the chip has none of that name, in any case.
  std::optional<PartitionReader> find(std::string_view partition) const;

  const Nand& nand() const { return nand_; }

private:
  BootOutcome stops(std::string because, bool blank) const;

  const Nand& nand_;
  const Persona& persona_;
  firmware::PartitionTable table_;
};

/// Why the image at the partition's start isn't whole; nothing when it is.
std::optional<std::string> why_broken(const PartitionReader& partition, BootStages::Check check);

/// Revision names in what was written to a partition: a vendor's image says what it is somewhere in its text.
std::vector<std::string> revision_names_in(const PartitionReader& partition);

}  // namespace modemedic::twin
