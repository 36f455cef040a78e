#pragma once

#include "base/units.h"
#include "firmware/package.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the rules look at. What is not there could not be found out; nothing here is a guess.
namespace modemedic::knowledge {

struct ModemFacts {
  std::optional<firmware::Revision> revision;
  std::string silence;                ///< why there is no revision: "in EDL no revision can be read"
  std::string chip;                   ///< family: "9x07"; empty: not known
  std::string foreign_maker;          ///< who made a chip that is not Qualcomm's; empty: it is, or not known
  std::optional<Geometry> geometry;   ///< of the NAND
  std::optional<bool> fused;          ///< takes only images that its maker signed
  std::string key_hash;               ///< hex digits: of the key whose images it takes; empty: not known
  std::optional<std::uint64_t> hwid;  ///< as the boot ROM told it
  std::optional<firmware::PartitionTable> table;  ///< the MIBIB on the chip; nothing before it was read
  std::string table_silence;                      ///< why there is none although the chip was asked
  bool chip_asked = false;                        ///< what the chip itself can tell was asked

  /// Takes over what the boot ROM tells in Sahara's command mode, and what that means (data/chips.toml).
  /// @param hash  hex digits; empty: not told
  void take_boot_rom(std::optional<std::uint64_t> told_hwid, std::string_view hash);
};

struct PackageFacts {
  std::optional<firmware::Revision> revision;
  std::string chip;                  ///< family: "9x07"; empty: not known
  std::optional<bool> foreign;       ///< firmware of another vendor
  std::string maker;                 ///< of `foreign`: which
  std::optional<Geometry> geometry;  ///< of the NAND it is for
  firmware::PackageSigning signing;
  std::optional<firmware::PartitionTable> table;  ///< the MIBIB it brings
  /// Its chip is known with one kind of NAND only, and its flash leaves the table as it is: a 9x15's.
  bool leaves_layout = false;
};

/// What somebody found who looked closer than a rule can: the planner, the chip check.
struct Fault {
  std::string rule;  ///< its id
  std::string what;  ///< in words
};

/// What a package says of itself.
PackageFacts facts_of(const firmware::Package& package);

/// "p2K_b128K": as package names and rawprogram files have it.
std::string cells_name(const Geometry& geometry);

/// @return nothing when it is no such name, or of no size that a NAND has
std::optional<Geometry> parse_cells(std::string_view name);

}  // namespace modemedic::knowledge
